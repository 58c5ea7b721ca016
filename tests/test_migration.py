"""Records under names of an older kind come to have today's, or are refused."""

from pathlib import Path

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.integrity import check_complete
from nagbench.migration import part, renamed
from nagbench.records import read_tables
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.study.model import Study
from nagbench.study.part_file import write_part
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


def test_a_part_of_committed_records_is_whole_and_says_the_same(tmp_path: Path) -> None:
    records = read_tables(Path("paper/records/pilot"))
    study = load_study(str(write_part("pilot", ["nag", "sgd"], ["seed_cnn"], tmp_path)))
    runs, curves = part(units(study), *records)
    check_complete(units(study), runs, curves)
    found, whole = result_tables(study, runs, curves), result_tables(load_study("pilot"), *records)
    keys = ["workload", "optimizer"]
    for name, columns in (("summary", ["accuracy", "low", "high"]), ("stability", ["sd"])):
        mine, theirs = (tables[name].set_index(keys)[columns] for tables in (found, whole))
        assert len(mine) == 2
        pd.testing.assert_frame_equal(mine, theirs.loc[mine.index])
