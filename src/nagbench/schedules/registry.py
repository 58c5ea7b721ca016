"""The schedules by name: each is a module of this package with a function `factors`."""

SCHEDULES = (
    "constant",
    "proportional",
    "square",
    "step",
    "plateau",
    "cosine",
    "warmup_cosine",
    "warmup_linear",
    "first_batch",
)
