"""A claim about the two optimizers of the small study."""

CLAIM = {
    "claim": "NAG ends more accurate than gradient descent, which is said in a line of some length",
    "workload": "tiny",
    "optimizer": "nag_sutskever",
    "reference": "sgd",
    "metric": "accuracy",
    "statement": "difference",
    "direction": "greater",
}
