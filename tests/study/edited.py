"""The small study, edited in one place: what reads it, and what is wrong with it then."""

import copy
from typing import Any

import pytest

from nagbench.errors import InputError, InputErrors
from nagbench.study.file import study_of
from nagbench.study.model import Study

OWN = {
    "reference": "torch.optim:Adamax",
    "settings": {"lr": 0.002, "eps": 1e-8},
    "space": {"lr": {"low": 1e-4, "high": 1e-1}},
}
CLAIM = {
    "claim": "in words",
    "workload": "tiny",
    "optimizer": "sgd",
    "reference": "nag_sutskever",
    "metric": "accuracy",
    "statement": "difference",
    "direction": "greater",
}
EQUAL = {"statement": "equivalence", "direction": None}


def changed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(data)
    *parents, last = path.split(".")
    place = result
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return result


def read(data: dict[str, Any]) -> Study:
    return study_of("small", data, "small.yaml")


def errors(data: dict[str, Any]) -> list[InputError]:
    with pytest.raises(InputError) as caught:
        read(data)
    return list(caught.value.errors) if isinstance(caught.value, InputErrors) else [caught.value]
