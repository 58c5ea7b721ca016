"""A study that trains in a moment, as plain data."""

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
