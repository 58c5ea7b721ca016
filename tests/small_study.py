"""Studies as plain data: one that trains in a moment, and one with something of everything."""

from typing import Any

SMALL: dict[str, Any] = {
    "title": "A study that trains in a moment",
    "data": "synthetic",
    "validation_size": 40,
    "workloads": {
        "tiny": {
            "model": "tiny_cnn",
            "batch_size": 16,
            "epochs": 2,
            "targets": {"low": 0.2, "high": 0.2, "source": "a test"},
        }
    },
    "optimizers": {"sgd": None, "nag_sutskever": None},
    "baseline": "sgd",
    "tuning": {
        "points": 2,
        "seeds": [1],
        "grows": False,
        "choices": ["accuracy"],
        "runner_up_seeds": 0,
    },
    "testing": {"seeds": [11, 12]},
}


def on_two_workloads(small: dict[str, Any]) -> dict[str, Any]:
    """With six seeds, Adam, and a second workload on which it does not train."""
    small["testing"]["seeds"] = list(range(11, 17))
    small["optimizers"]["adam"] = None
    second = {**small["workloads"]["tiny"], "optimizers": ["sgd", "nag_sutskever"]}
    small["workloads"]["second"] = second
    return small


# It has an optimizer of the user's, and claims of three kinds.
FULL: dict[str, Any] = {
    "title": "A study to be damaged",
    "data": "synthetic",
    "validation_size": 40,
    "workloads": {
        "tiny": {
            "model": "tiny_cnn", "batch_size": 16, "epochs": 2, "l2": 0.001,
            "targets": {"low": 0.2, "high": 0.4, "source": "a test"},
            "optimizers": ["sgd", "nag_sutskever"],
        },
    },
    "optimizers": {
        "sgd": None,
        "nag_sutskever": None,
        "mine": {
            "reference": "mine.py:Mine",
            "settings": {"lr": 0.1, "betas": [0.9, 0.99]},
            "space": {"lr": {"low": 0.01, "high": 1.0}},
        },
    },
    "baseline": "sgd",
    "tuning": {"points": 2, "seeds": [1]},
    "testing": {"seeds": [11, 12]},
    "divergence": {"factor": 4.0},
    "hypotheses": {
        "h": {
            "claim": "in words", "workload": "tiny", "optimizer": "sgd",
            "reference": "nag_sutskever", "metric": "epochs", "statement": "difference",
            "direction": "less",
        },
        "of_a_value": {
            "claim": "in words", "workload": "tiny", "optimizer": "sgd", "value": 0.5,
            "metric": "accuracy", "statement": "equivalence", "margin": 0.1,
        },
        "of_an_order": {
            "claim": "in words", "workload": "tiny", "optimizers": ["sgd", "nag_sutskever"],
            "metric": "accuracy", "statement": "ranking", "direction": "greater",
        },
    },
}  # fmt: skip
