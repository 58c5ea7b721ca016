"""NAG judged at two points of the same runs: differences by run, and the paper's sentence."""

from typing import Any

import numpy as np
import pytest

from nagbench.rendering.numbers import _two_points
from nagbench.statistics.columns import declared
from nagbench.statistics.points import points
from nagbench.statistics.roles import select
from nagbench.statistics.sign_flips import interval
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, whole_records_of


def records(study: Study, gains: np.ndarray) -> Records:
    """NAG's iterates are better by a gain, a number for each run, at each evaluation."""
    ends = {"sgd": [[0.1, 0.2, 0.3]] * len(gains), "nag": [[0.1, 0.2, 0.4]] * len(gains)}
    runs, curves = whole_records_of(study, ends)
    own = runs[(runs["optimizer"] == "nag") & (runs["stage"] == "test")].sort_values("seed")
    gain = curves["run"].map(dict(zip(own["run"], gains, strict=True)))
    for part in ("validation", "test"):
        curves[f"iterate_{part}_accuracy"] = curves[f"{part}_accuracy"] + gain
    return runs, curves


@pytest.fixture
def study(small: dict[str, Any]) -> Study:
    small["optimizers"] = {"sgd": None, "nag": None}
    small["testing"]["seeds"] = list(range(11, 19))
    return study_of("small", small, "small")


def test_the_points_differ_by_what_they_differ_in_each_run(study: Study) -> None:
    gains = np.linspace(-0.001, 0.006, 8)
    found = declared("points", points(study, select(study, *records(study, gains))))
    assert found["optimizer"].tolist() == ["nag", "nag"]
    accuracy, time = found.set_index("metric").loc[["accuracy", "gradients"]].itertuples()
    assert accuracy.difference == pytest.approx(gains.mean())
    assert accuracy.largest == pytest.approx(0.006)
    assert accuracy.ahead == pytest.approx(0.4)
    assert (accuracy.low, accuracy.high) == pytest.approx(interval(gains, 0.05))
    assert time.difference < 0  # more accurate at each evaluation
    said = _two_points({"points": found}, "tiny")
    assert "where gradients are taken, is +0.25 points (" in said
    assert "time below the targets differs by −" in said


def test_records_judged_at_one_point_say_so(study: Study) -> None:
    runs, curves = records(study, np.zeros(8))
    curves[[name for name in curves if "iterate" in name]] = np.nan
    found = declared("points", points(study, select(study, runs, curves)))
    assert not len(found)
    assert _two_points({"points": found}, "tiny").endswith("at one of its two points alone.")
