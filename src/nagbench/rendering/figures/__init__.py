"""The figures, one file each: `TABLES` names what it needs, `render(tables)` draws it."""

NAMES = (
    "learning_curves",
    "survival",
    "time_to_target",
    "speedup",
    "profiles",
    "ranks",
    "stability",
    "sensitivity",
    "tuning",
    "cost",
    "acceleration",
    "verdicts",
    "theory",
)
