"""Differences as they are printed, whichever way round, and where a run fails."""

import math

import pandas as pd
import pytest

from nagbench.comparing.differences import difference

ROW = {"difference": 0.0052, "low": 0.001, "high": 0.0094}


@pytest.mark.parametrize(
    ("changed", "scale", "digits", "printed"),
    [
        ({}, 100, 2, "+0.52 [+0.10, +0.94]"),
        ({}, -100, 1, "-0.5 [-0.9, -0.1]"),
        ({"low": math.nan, "high": math.nan}, 100, 2, "+0.52 –"),  # too few pairs
        (dict.fromkeys(ROW, math.nan), 100, 2, "runs fail"),
    ],
)
def test_a_difference_has_its_sign_and_interval(
    changed: dict[str, float], scale: float, digits: int, printed: str
) -> None:
    row = pd.Series({**ROW, **changed})
    assert difference(row, scale, digits) == printed
    assert difference(next(row.to_frame().T.itertuples()), scale, digits) == printed
