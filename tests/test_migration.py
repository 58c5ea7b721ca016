"""Records under names of an older kind come to have today's, or are refused."""

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.migration import renamed
from nagbench.study.model import Study
from nagbench.study.plan import units
from records_of import Records, tuning_of


def older(records: Records) -> Records:
    """The same under other names, of a study that was called otherwise."""
    runs, curves = records
    return runs.assign(run="x" + runs["run"], study="older"), curves.assign(run="x" + curves["run"])


def test_a_run_is_known_by_what_it_says(small_study: Study) -> None:
    records = tuning_of(small_study)
    for found, expected in zip(renamed(units(small_study), *older(records)), records, strict=True):
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("column", "value"), [("settings", '{"lr": 0.5}'), ("seed", 9), ("epochs", 3), ("trial", 7)]
)
def test_what_the_study_does_not_train_is_refused(
    small_study: Study, column: str, value: object
) -> None:
    runs, curves = older(tuning_of(small_study))
    runs.loc[0, column] = value
    with pytest.raises(InputError, match="a run of the study"):
        renamed(units(small_study), runs, curves)
