"""Where NAG is ahead and where behind, said as the intervals of single targets have it."""

from typing import Any

import pandas as pd
import pytest

from nagbench.rendering.by_target import DESCRIPTION, by_target

AHEAD, BEHIND, NEITHER = (-40.0, -20.0, -10.0), (5.0, 30.0, 60.0), (-9.0, 1.0, 9.0)
Steps = list[tuple[float, float, float]]


def made_up(of: dict[str, Steps], arrived: int = 3) -> dict[str, Any]:
    """Steps of two points of accuracy from 40 % on, by rival; the last one reached by `arrived`."""
    steps = [
        {
            "workload": "cnn", "optimizer": "nag", "reference": rival, "low": low,
            "difference": mean, "high": high, "target": 0.4 + 0.02 * n,
            "next_target": 0.42 + 0.02 * n, "arrived": 3,
            "reference_arrived": 0, "in_grid": True,
        }
        for rival, rows in of.items()
        for n, (low, mean, high) in enumerate(rows)
    ]  # fmt: skip
    for step in steps:
        step["arrived"] = arrived if step["target"] > 0.45 else 3
    claims = [
        {
            "workload": "cnn", "optimizer": "nag", "reference": rival, "contrast": "",
            "statement": "difference", "direction": "less", "metric": "gradients",
        }
        for rival in of
    ]  # fmt: skip
    columns = ["workload", "optimizer", "reference", "target"]
    return {
        "workloads": pd.DataFrame({"workload": ["cnn"]}),
        "hypotheses": pd.DataFrame(claims, columns=list(claims[0]) if claims else columns),
        "gains": pd.DataFrame(steps, columns=list(steps[0]) if steps else columns),
    }


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (
            {"sgd": [AHEAD] * 4, "heavy_ball": [AHEAD] * 4},
            "it is ahead of gradient descent and heavy ball from 40 to 48 %.",
        ),
        (
            {"sgd": [AHEAD] * 4, "adam": [BEHIND, NEITHER, AHEAD, AHEAD]},
            "it is ahead of gradient descent from 40 to 48 % and of Adam from 44 to 48 %; "
            "**behind** Adam from 40 to 42 %, by up to 30 gradients.",
        ),
        (
            {"adam": [BEHIND, AHEAD, BEHIND, NEITHER]},
            "it is ahead of Adam from 42 to 44 %; "
            "**behind** Adam from 40 to 42 % and from 44 to 46 %, by up to 30 gradients.",
        ),
        ({"adam": [NEITHER] * 4}, "it is ahead nowhere."),
    ],
    ids=["one range", "two ranges", "apart", "none"],
)
def test_ranges_are_of_steps_that_follow_each_other(of: dict[str, Steps], said: str) -> None:
    assert by_target(made_up(of)) == f"Target by target, from 40 % on, {said} {DESCRIPTION}"


def test_targets_that_nobody_reaches_are_named() -> None:
    said = by_target(made_up({"sgd": [AHEAD] * 4}, arrived=0))
    assert said.endswith(
        f"%. None of these runs reaches 46 % of validation accuracy. {DESCRIPTION}"
    )


def test_without_claims_on_speed_there_is_nothing_to_say() -> None:
    assert by_target(made_up({})) == ""
