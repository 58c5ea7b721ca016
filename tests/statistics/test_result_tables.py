"""Some result tables alone are those of all, and agree with each other and with the plan."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench.records import read_tables
from nagbench.statistics.columns import TABLES
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.study.model import Study
from nagbench.study.plan import units
from records_of import ending, whole_records_of

NAMES = ("profiles", "summary", "learning_curves", "speed_comparisons")


def test_tables_that_are_asked_for_are_computed_alone() -> None:
    study = load_study("cifar10-cnn")
    records = read_tables(Path("paper/records/cifar10-cnn"))
    every: Mapping[str, pd.DataFrame] = result_tables(study, *records)
    some = result_tables(study, *records, names=[*NAMES, "theory"])
    assert list(some) == list(NAMES)  # theory is of no study
    for name in NAMES:
        pd.testing.assert_frame_equal(some[name], every[name])


def test_outcomes_are_what_the_means_are_means_of() -> None:
    study = load_study("cifar10-cnn")
    names = ["outcomes", "summary", "times_below"]
    found = result_tables(study, *read_tables(Path("paper/records/cifar10-cnn")), names=names)
    means = found["outcomes"].groupby(["metric", "workload", "optimizer"])["value"].mean()
    accuracy = found["summary"].set_index(["workload", "optimizer"])["accuracy"]
    times = found["times_below"].query("clock == 'gradients'")
    times = times.set_index(["workload", "optimizer"])["mean"].dropna()
    assert len(accuracy)
    assert len(times)
    for own, expected in ((means["accuracy"], accuracy), (means["gradients"], times)):
        pd.testing.assert_series_equal(
            own.loc[expected.index], expected, check_names=False, rtol=1e-12
        )


def test_the_study_counts_the_units_of_its_plan() -> None:
    """Bands are among them; a workload that takes its settings from another one is not tuned."""
    study = load_study("cifar10-cnn")
    records = read_tables(Path("paper/records/cifar10-cnn"))
    (row,) = result_tables(study, *records, names=["study"])["study"].itertuples()
    stages = [unit.stage for unit in units(study)]
    assert stages.count("tune") != stages.count("test")
    assert "band" in stages
    assert row.units == len(stages)


def test_every_table_has_its_declared_columns_with_rows_and_without(small_study: Study) -> None:
    ends = ending({name: [0.5, 0.6] for name in small_study.optimizers})
    whole = whole_records_of(small_study, ends)
    untested = whole[0][whole[0]["stage"] == "tune"]
    without = (untested, whole[1][whole[1]["run"].isin(untested["run"])])
    for records in (whole, without):
        for name, table in result_tables(small_study, *records).items():
            assert list(table.columns) == list(TABLES[name])
    assert result_tables(small_study, *whole)["hypotheses"].empty
