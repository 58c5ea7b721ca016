"""Claims of what a step costs: by rounds in which both had their turn, and only of like steps."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from test_hypotheses import ends, study_with

from nagbench import records
from nagbench.cli import main
from nagbench.metrics import METRICS
from nagbench.parquet import read_frame, write_frame
from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.roles import select
from nagbench.statistics.sign_flips import interval, two_sided_p
from nagbench.statistics.tuning import tuning
from nagbench.step_costs import FILE, StepCost, StepCosts, write
from nagbench.study.model import Study
from records_of import whole_records_of

DEARER = {"metric": "step_cost", "margin": 0.02}
AT_MOST = {**DEARER, "statement": "at_most", "direction": None, "margin": math.log(1.05)}
ROUNDS = 15


def costs(ratio: float, spread: float = 0.002, **words: Any) -> StepCosts:
    """Rounds of a machine that others use too: each is up to twice as slow, for both alike."""
    chance = np.random.default_rng(1)
    slow = 1 + chance.random(ROUNDS)
    own = slow * ratio * np.exp(chance.normal(0, spread, ROUNDS))
    base = StepCost("tiny", "sgd", "eager", 1, 1, tuple(slow))
    nag = replace(base, optimizer="nag_sutskever", seconds=tuple(own), **words)
    return StepCosts({"backend": "cpu"}, [base, nag], {"tiny": 1e-4})


def judged(study: Study, measured: StepCosts | None) -> list[dict[str, Any]]:
    records = whole_records_of(study, ends([0.5] * 10, [0.5] * 10))
    selection = select(study, *records, measured)
    return verdicts(study, selection, tuning(study, selection)).to_dict("records")


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.2, ["supported", "contradicted"]),
        (1.03, ["supported", "supported"]),
        (1.0, ["no relevant difference", "supported"]),
        (0.8, ["contradicted", "supported"]),
    ],
)
def test_a_step_is_dearer_or_at_most_so_much(
    small: dict[str, Any], ratio: float, words: list[str]
) -> None:
    study, measured = study_with(small, DEARER, AT_MOST), costs(ratio)
    rows = judged(study, measured)
    assert [row["verdict"] for row in rows] == words
    logs = [np.log(cost.seconds) for cost in measured.costs]
    differences = logs[1] - logs[0]
    assert rows[0]["pairs"] == ROUNDS
    assert rows[0]["effect"] == pytest.approx(differences.mean())
    assert (rows[0]["low"], rows[0]["high"]) == interval(differences, 0.05 / 2)
    if words[0] != "no relevant difference":
        assert rows[0]["p"] == two_sided_p(differences)


def test_what_was_not_measured_or_not_alike_is_not_tested(small: dict[str, Any]) -> None:
    study = study_with(small, DEARER)
    for measured, said in (
        (None, METRICS["step_cost"].elsewhere),
        (replace(costs(1.2), costs=costs(1.2).costs[:1]), "no step of nag_sutskever on tiny"),
        (costs(1.2, execution="graph"), "steps executed otherwise: graph, 1 lanes against eager"),
        (costs(1.2, lanes=8), "steps executed otherwise"),
    ):
        (row,) = judged(study, measured)
        assert row["verdict"] == "not testable here"
        assert said in row["remark"]


def test_costs_beside_records_are_read_and_name_them(
    small: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By `nagbench statistics`, under the sums of the records' folder."""
    monkeypatch.setattr("nagbench.registration.check_complete", lambda *_, **__: None)  # made up
    study = study_with(small, DEARER)
    runs, curves = whole_records_of(study, ends([0.5] * 10, [0.5] * 10))
    curves[[name for name in curves if "iterate" in name]] = math.nan
    tuned = curves["run"].isin(runs["run"][runs["stage"] == "tune"])
    curves.loc[tuned, ["test_loss", "test_accuracy"]] = math.nan
    made = runs, curves
    records.write_tables(tmp_path / "records", *made)
    write(tmp_path / "records" / FILE, costs(1.2), "nagbench bench optimizers")
    records.seal(tmp_path / "records")
    for name in ("theory", "calibration"):
        write_frame(tmp_path / f"{name}.parquet", pd.DataFrame({"found": [1.0]}))
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    command = ["statistics", str(tmp_path / "small.yaml"), "--records", str(tmp_path / "records")]
    for name in ("theory", "calibration"):
        command += [f"--{name}", str(tmp_path / f"{name}.parquet")]
    assert main([*command, "--output", str(tmp_path / "tables")]) == 0
    (verdict,) = read_frame(tmp_path / "tables/hypotheses.parquet")["verdict"]
    assert verdict == "supported"
    write(tmp_path / "records" / FILE, costs(0.8), "nagbench bench optimizers")
    assert main([*command, "--output", str(tmp_path / "others")]) == 2
    assert "step_costs.json" in capsys.readouterr().err
    assert records.digest(*made) != records.digest(*made, costs(1.2))
    assert records.digest(*made, costs(1.3)) != records.digest(*made, costs(1.2))
