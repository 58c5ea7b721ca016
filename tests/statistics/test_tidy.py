"""Records as one table: a row for each judgement of each run, with the role of its setting."""

from typing import Any

import pandas as pd

from nagbench.statistics.roles import select
from nagbench.statistics.tidy import COLUMNS, tidy
from nagbench.study.model import Study
from records_of import Records, whole_records_of

ENDS = {name: [[0.1, 0.2, 0.3], [0.1, 0.2, 0.4]] for name in ("sgd", "nag_sutskever")}


def table_of(study: Study, records: Records) -> pd.DataFrame:
    return tidy(*records, select(study, *records).chosen)


def test_each_judgement_is_a_row_in_one_order(small_study: Study) -> None:
    runs, curves = whole_records_of(small_study, ENDS)
    runs["diverged_step"] = range(len(runs))
    found = table_of(small_study, (runs, curves))
    assert list(found.columns) == list(COLUMNS)
    assert found.attrs["columns"] == dict(COLUMNS)
    assert len(found) == len(curves)
    assert list(found.index) == list(range(len(curves)))
    keys = ["stage", "workload", "optimizer", "trial", "seed", "epoch"]
    assert found[keys].to_records(index=False).tolist() == sorted(
        found[keys].to_records(index=False).tolist()
    )
    merged = found.merge(runs, on="run", suffixes=("", "_there"))
    assert (merged["lr"] == merged["learning_rate_there"]).all()
    assert (merged["diverged_step"] == merged["diverged_step_there"]).all()
    shuffled = runs.sample(frac=1, random_state=0), curves.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(table_of(small_study, shuffled), found)


def test_a_run_has_the_roles_of_its_setting(small_study: Study) -> None:
    """Tuning chose trial 0. What is unknown, and the rates of a band, have none."""
    runs, curves = whole_records_of(small_study, ENDS)
    found = table_of(small_study, (runs, curves))
    roles = found.groupby(["stage", "trial"])["roles"].agg(set).to_dict()
    assert roles[("test", 0)] == roles[("tune", 0)] == {"accuracy"}
    assert "accuracy" not in roles[("tune", 1)]
    assert set(tidy(runs, curves, {})["roles"]) == {""}
    band = runs.assign(stage="band")
    chosen: dict[Any, Any] = dict(select(small_study, runs, curves).chosen)
    assert set(tidy(band, curves, chosen)["roles"]) == {""}


def test_two_roles_of_a_setting_stand_in_one_cell(small_study: Study) -> None:
    runs, curves = whole_records_of(small_study, ENDS)
    chosen = {("tiny", "sgd"): {"tested": [{"trial": 0, "roles": ["accuracy", "speed"]}]}}
    found = tidy(runs, curves, chosen)
    own = (found["optimizer"] == "sgd") & (found["trial"] == 0)
    assert set(found.loc[own, "roles"]) == {"accuracy, speed"}
    assert set(found.loc[~own, "roles"]) == {""}
