"""What must fit together in a study's stages: each fault by itself."""

from typing import Any

import pytest
from edited import CLAIM, OWN, changed, errors, read

BAND = {"epochs": 1, "seeds": [31, 32], "threshold": 0.2}
STAGES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"band.seeds": [1]}, "band.seeds", "used for tuning: 1", "never saw"),
    ({"band.workloads": ["tine"]}, "band.workloads[0]", "is tiny meant?", "tiny"),
    ({"band.optimizers": ["sgd", "ngd"]}, "band.optimizers[1]", "found 'ngd'", "sgd"),
    ({"testing.further": {"sgd": [11]}}, "testing.further.sgd", "used for all: 11", "beside"),
    ({"testing.further": {"sgd": [1]}}, "testing.further.sgd", "used for tuning: 1", "never saw"),
    ({"testing.further": {"sdg": [13]}}, "testing.further.sdg", "is sgd meant?", "sgd"),
    ({"workloads.tiny.seeds": [1, 9]}, "workloads.tiny.seeds", "used for tuning: 1", "never saw"),
    (
        {"workloads.tiny.tuning": {"points": 4, "seeds": [12]}},
        "testing.seeds",
        "used for tuning: 12",
        "never saw",
    ),
    (
        {"workloads.tiny.tuning": {"points": 4, "seeds": [1], "rungs": [{"epochs": 2, "keep": 2}]}},
        "workloads.tiny.epochs",
        "a rung of tuning is at 2",
        "more than 2",
    ),
    ({"tuning.rungs": [{"epochs": 1, "keep": 3}]}, "tuning.rungs[0].keep", "found 3", "than 3"),
    ({"workloads.tiny.tuned_on": "small"}, "workloads.tiny.tuned_on", "found 'small'", "tiny"),
    ({"workloads.tiny.tuned_on": "tiny"}, "workloads.tiny.tuned_on", "are chosen on", "tunes"),
]


@pytest.mark.parametrize(("changes", "where", "found", "allowed"), STAGES)
def test_each_fault_between_stages_is_one_error(
    small: dict[str, Any], changes: dict[str, Any], where: str, found: str, allowed: str
) -> None:
    small["band"] = dict(BAND)
    for path, value in changes.items():
        small = changed(small, path, value)
    (error,) = errors(small)
    assert error.place == f"small.yaml.{where}"
    assert found in error.found
    assert allowed in error.allowed


def test_settings_come_from_where_all_of_them_are_chosen(small: dict[str, Any]) -> None:
    small["workloads"]["other"] = {**small["workloads"]["tiny"], "tuned_on": "tiny"}
    read(small)
    small["optimizers"]["adam"] = None
    small["workloads"]["tiny"]["optimizers"] = ["sgd", "nag_sutskever"]
    (error,) = errors(small)
    assert error.place == "small.yaml.workloads.other.tuned_on"
    assert "adam not among those of 'tiny'" in error.found


def test_a_claim_about_bands_is_of_bands_that_are_measured(small: dict[str, Any]) -> None:
    claim = {**CLAIM, "metric": "band"}
    small = changed(small, "hypotheses.h", claim)
    (error,) = errors(small)
    assert error.place == "small.yaml.hypotheses.h.metric"
    assert "without `band`" in error.found
    small["band"] = dict(BAND)
    read(small)
    small["band"]["optimizers"] = ["sgd"]
    (error,) = errors(small)
    assert "nag_sutskever on tiny" in error.found


def test_a_band_needs_a_rate(small: dict[str, Any]) -> None:
    small["band"] = dict(BAND)
    small["optimizers"]["mine"] = {**OWN, "settings": {"rate": 0.1}, "space": {}}
    (error,) = errors(small)
    assert error.place == "small.yaml.band.optimizers"
    small["band"]["optimizers"] = ["sgd"]
    read(small)
