"""Exports of Weights & Biases and MLflow, and AlgoPerf's folders, in their own formats."""

import json
from pathlib import Path

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.judging.curves import Curves, checked
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read

WANDB = """"Step","sgd-seed-1 - val/loss","sgd-seed-1 - val/loss__MIN",\
"sgd-seed-1 - val/loss__MAX","nag-seed-1 - val/loss","nag-seed-1 - val/loss__MIN",\
"nag-seed-1 - val/loss__MAX"
"0","2.3","2.3","2.3","2.3","2.3","2.3"
"50","","","","1.5","1.5","1.5"
"100","1.9","1.9","1.9","1.1","1.1","1.1"
"150","NaN","NaN","NaN","","",""
"""
MLFLOW = """run_id,key,value,step,timestamp,run_name
aa11,val_acc,0.1,0,1690000000000,sgd-seed-1
aa11,val_acc,0.5,10,1690000001000,sgd-seed-1
bb22,val_acc,0.1,0,1690000000000,nag-seed-1
bb22,val_acc,0.7,10,1690000001000,nag-seed-1
bb22,train_loss,0.7,10,1690000001000,nag-seed-1
"""


def found(path: Path, **wanted: object) -> Curves:
    return checked([read(path, Wanted(**wanted))])  # type: ignore[arg-type]


def runs(curves: Curves) -> dict[tuple[str, str], tuple[float, float]]:
    """By optimizer and run: final value and end."""
    return {(r.optimizer, r.run): (r.final, r.end) for r in curves.runs.itertuples()}


def write(folder: Path, text: str) -> Path:
    path = folder / "export.csv"
    path.write_text(text)
    return path


def test_a_chart_of_weights_and_biases(tmp_path: Path) -> None:
    """Each run has values at its own steps; a run that wrote NaN at its end diverged."""
    curves = found(write(tmp_path, WANDB))
    assert (curves.metric, curves.clock, curves.lower) == ("val/loss", "step", True)
    assert list(curves.runs["diverged"]) == [False, True]
    assert runs(curves)["nag", "1"] == (1.1, 100)
    assert len(curves.frame) == 6
    assert curves.notes == ()


def test_names_without_a_seed_are_told_and_can_be_split(tmp_path: Path) -> None:
    path = write(tmp_path, WANDB.replace("-seed-", "-"))
    curves = found(path)
    assert set(curves.runs["optimizer"]) == {"sgd-1", "nag-1"}
    assert "2 of 2 run names in export.csv say no seed" in curves.notes[0]
    named = found(path, run_name=r"(?P<optimizer>\w+)-(?P<run>\d)")
    assert set(runs(named)) == {("sgd", "1"), ("nag", "1")}
    with pytest.raises(InputError, match="--run-name: run 'sgd-1' does not match"):
        found(path, run_name=r"(?P<optimizer>n\w+)-(?P<run>\d)")
    for pattern, words in ((r"(\w+)", "with the groups"), (r"(", "a regular expression")):
        with pytest.raises(InputError, match=words):
            found(path, run_name=pattern)


def test_a_grouped_chart_has_lost_its_runs(tmp_path: Path) -> None:
    text = "Step,Group: sgd - loss,Group: nag - loss\n0,1,2\n1,1,1\n"
    with pytest.raises(InputError, match=r"a grouped chart.*without grouping"):
        found(write(tmp_path, text))
    with pytest.raises(InputError, match="an x axis 'Relative Time"):
        found(write(tmp_path, WANDB.replace('"Step"', '"Relative Time (Process)"')))


def test_a_download_of_mlflow(tmp_path: Path) -> None:
    path = write(tmp_path, MLFLOW)
    with pytest.raises(InputError, match="--metric with one of train_loss, val_acc"):
        found(path)
    curves = found(path, metric="val_acc")
    assert runs(curves) == {("nag", "1"): (0.7, 10), ("sgd", "1"): (0.5, 10)}
    assert not curves.lower


def test_two_runs_of_one_name_stay_two(tmp_path: Path) -> None:
    again = MLFLOW + "cc33,val_acc,0.2,0,1690000000000,nag-seed-1\n"
    curves = found(write(tmp_path, again), metric="val_acc")
    assert set(runs(curves)) == {("nag", "bb22"), ("nag", "cc33"), ("sgd", "1")}


def test_other_columns_of_mlflow(tmp_path: Path) -> None:
    """The chart's download, whose run is a name; and a table that names the optimizer."""
    text = "Run,metric,step,timestamp,value\nsgd_run_1,loss,0,5,2.0\nsgd_run_2,loss,0,5,2.5\n"
    assert set(runs(found(write(tmp_path, text)))) == {("sgd", "sgd_run_1"), ("sgd", "sgd_run_2")}
    text = "run_id,params.optimizer,key,step,value\nx,sgd,loss,0,2.0\ny,nag,loss,0,2.5\n"
    assert set(runs(found(write(tmp_path, text)))) == {("sgd", "x"), ("nag", "y")}
    text = "run_id,name,step,value\nx,loss,0,2.0\ny,loss,0,2.5\n"
    assert set(runs(found(write(tmp_path, text)))) == {("x", "x"), ("y", "y")}


def measurements(folder: Path, accuracy: list[float]) -> None:
    """As AlgoPerf writes them, of one trial."""
    folder.mkdir(parents=True)
    steps = range(0, 100 * len(accuracy), 100)
    rows = {
        "global_step": steps,
        "preemption_count": 0,
        "score": [float(step) for step in steps],
        "total_duration": [step / 7 for step in steps],
        "accumulated_submission_time": [step / 9 for step in steps],
        "accumulated_eval_time": 3.0,
        "validation/accuracy": accuracy,
        "validation/num_examples": 10000,
    }
    pd.DataFrame(rows).to_csv(folder / "measurements.csv", index=False)
    (folder / "meta_data_0.json").write_text(json.dumps({"workload.batch": 1}))


def test_folders_of_algoperf(tmp_path: Path) -> None:
    for submission, gain in (("baseline", 0.0), ("shampoo", 0.1)):
        for study in range(2):
            folder = tmp_path / submission / f"study_{study}/mnist_jax/trial_1"
            measurements(folder, [0.1, 0.5, 0.7 + gain + study / 50])
    curves = found(tmp_path, metric="validation/accuracy")
    assert set(curves.runs["workload"]) == {"mnist_jax"}
    assert runs(curves)["shampoo", "study_1/trial_1"] == (pytest.approx(0.82), 200)
    assert curves.notes == ()
    with pytest.raises(InputError, match="--metric with one of score, validation/accuracy"):
        found(tmp_path)
    measurements(tmp_path / "shampoo/study_0/mnist_jax/trial_2", [0.1, 0.2])
    assert "different settings" in found(tmp_path, metric="validation/accuracy").notes[0]
    one = tmp_path / "shampoo/study_0/mnist_jax/trial_2/measurements.csv"
    assert len(found(one, metric="validation/accuracy").runs) == 1


def test_other_folders_of_measurements_are_refused(tmp_path: Path) -> None:
    measurements(tmp_path / "elsewhere", [0.1, 0.2])
    with pytest.raises(InputError, match="SUBMISSION/study_N/WORKLOAD/trial_M"):
        found(tmp_path, metric="score")
    (tmp_path / "elsewhere/measurements.csv").write_text("step,score\n0,1\n")
    with pytest.raises(InputError, match="no column 'global_step'"):
        found(tmp_path, metric="score")
