"""What the paper says of how a study's settings were chosen."""

import json

import pandas as pd
import pytest

from nagbench.rendering.procedure import tuned

HALVED = {
    "points": 16,
    "trials": 17,
    "search": "quasirandom",
    "rungs": json.dumps([[2, 8], [6, 3]]),
    "finalists": 2,
    "tuning_seeds": 3,
}


def test_each_rung_the_default_and_the_finalists_are_told() -> None:
    assert tuned(pd.Series(HALVED)) == (
        "Of each space 16 settings, points of a scrambled Sobol sequence, train from one tuning "
        "seed; the best 8 after 2 epochs and the best 3 after 6 epochs (a rung each) go on from "
        "where they were, the last of them to the end, beside the default setting. The best 2 "
        "are the finalists, and train from 3 tuning seeds."
    )


def test_without_rungs_all_train_to_the_end() -> None:
    grid = HALVED | {"points": 5, "trials": 6, "search": "grid", "rungs": "[]", "finalists": 6}
    assert tuned(pd.Series(grid)) == (
        "Of each space 5 settings, evenly spaced, train from one tuning seed to the end, beside "
        "the default setting. The best 6 are the finalists, and train from 3 tuning seeds."
    )


@pytest.mark.parametrize(
    ("change", "said", "unsaid"),
    [
        ({"tuning_seeds": 1}, "The best 2 are the finalists.", "and train"),
        ({"trials": 16}, "to the end. The best 2", "default"),
        ({"rungs": "[[2, 8]]"}, "the best 8 after 2 epochs (a rung) go on", "rung each"),
        ({"finalists": 20}, "The best 17 are", "20"),
    ],
)
def test_what_a_study_leaves_out_is_not_told(change: dict, said: str, unsaid: str) -> None:
    text = tuned(pd.Series(HALVED | change))
    assert said in text
    assert unsaid not in text
