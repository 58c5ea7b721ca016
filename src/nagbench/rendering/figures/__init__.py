"""The figures, one file each: `TABLES` names what it needs, `render(tables)` draws it."""

NAMES = (
    "answer",
    "learning_curves",
    "time_to_target",
    "survival",
    "speedup",
    "gains",
    "profiles",
    "ranks",
    "steadiness",
    "sensitivity",
    "cost",
    "acceleration",
    "claims",
    "theory",
    "calibration",
)
