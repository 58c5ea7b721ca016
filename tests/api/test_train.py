"""`nagbench.train`: the runs of `nagbench train`, kept in its store, from Python."""

import logging
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import nagbench
from nagbench.errors import InputError
from nagbench.records import TIMES
from nagbench.statistics.tidy import COLUMNS
from waiting import wait_for


def untimed(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=list(TIMES)).reset_index(drop=True)


def recorded(stage: str, optimizer: str, seed: int) -> pd.DataFrame:
    """Of the records that `nagbench train` left."""
    table = nagbench.load("small.yaml")
    own = (table["stage"], table["optimizer"], table["seed"])
    return table[(own[0] == stage) & (own[1] == optimizer) & (own[2] == seed)]


def test_a_run_is_bit_equal_to_that_of_the_command(here: Path, tmp_path: Path) -> None:
    """Trained anew with the setting that the records chose, which is not among the defaults."""
    table = nagbench.train("small.yaml", "nag_sutskever", seeds=[12], store=tmp_path, device="cpu")
    assert list(table) == list(COLUMNS) == list(table.attrs["columns"])
    pd.testing.assert_frame_equal(
        untimed(table), untimed(recorded("test", "nag_sutskever", 12)), check_exact=True
    )
    assert set(table["roles"]) == {"accuracy"}
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_setting_that_is_given_is_the_one_of_that_trial(here: Path, tmp_path: Path) -> None:
    """Two runs of tuning, in two processes; nothing of them is judged on test."""
    rows = recorded("tune", "sgd", 1)
    trial = int(rows["trial"].max())
    lr = float(rows["lr"][rows["trial"] == trial].iloc[0])
    table = nagbench.train(
        "small.yaml", "sgd", seeds=[1, 2], settings={"lr": lr}, stage="tune", store=tmp_path,
        device="cpu", lanes=2,
    )  # fmt: skip
    one = table[table["seed"] == 1].assign(roles="")
    pd.testing.assert_frame_equal(
        untimed(one), untimed(rows[rows["trial"] == trial].assign(roles="")), check_exact=True
    )
    assert table["test_accuracy"].isna().all()
    assert set(table["seed"]) == {1, 2}


def test_finished_runs_come_from_the_store(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The one that the command shares; and the records stay as they are."""
    before = {path: path.read_bytes() for path in here.rglob("results/**/*") if path.is_file()}
    with caplog.at_level(logging.INFO, "nagbench"):
        table = nagbench.train("small.yaml", "sgd", device="cpu")
    kept, done = caplog.messages
    assert kept == "test/tiny_cnn/sgd: 4 of 4 epochs are kept from before"
    assert done.startswith("test/tiny_cnn/sgd: 4 of 4 epochs, done in ")
    assert set(table["seed"]) == {11, 12}
    assert {path: path.read_bytes() for path in before} == before
    own = recorded("test", "sgd", 11).reset_index(drop=True)
    pd.testing.assert_frame_equal(table[table["seed"] == 11], own, check_exact=True)


def test_a_class_a_file_and_a_row_of_the_catalogue_train(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(here)
    from mine import Mine  # type: ignore[import-not-found]

    words: Mapping[str, Any] = {"seeds": [3], "settings": {"lr": 0.05}, "store": tmp_path}
    mine = nagbench.train("small.yaml", Mine, **words, device="cpu")
    file = nagbench.train("small.yaml", "mine.py:Mine", **words, device="cpu")
    pd.testing.assert_frame_equal(mine, file)  # the second from the store
    assert set(mine["optimizer"]) == {"mine"}
    sgd = nagbench.train("small.yaml", torch.optim.SGD, **words, device="cpu")
    row = nagbench.train("small.yaml", "sgd", **words, device="cpu")
    assert set(sgd["run"]) == set(row["run"])  # `torch.optim:SGD`, as the catalogue names it
    assert set(row["trial"]) == {-1}
    names = ["train_loss", "validation_accuracy", "test_accuracy"]
    pd.testing.assert_frame_equal(mine[names], sgd[names])  # the same rule, written anew
    adam = nagbench.train("small.yaml", "adam", **words, epochs=1, device="cpu")
    assert adam["epoch"].tolist() == [0, 0.5, 1]
    assert set(adam["epochs"]) == {1}


SCRIPT = """
import logging, nagbench
logging.basicConfig(level=logging.INFO, format="%(message)s")
table = nagbench.train("small.yaml", "sgd", seeds=[7], settings={}, epochs=400,
                       store=STORE, device="cpu")
print("trained to", table["epoch"].max())
"""


def test_an_interrupted_one_goes_on_where_it_was(here: Path, tmp_path: Path) -> None:
    """And leaves no process behind, though the signal reaches the caller alone."""
    script, said = tmp_path / "script.py", tmp_path / "said.txt"
    script.write_text(SCRIPT.replace("STORE", repr(str(tmp_path / "runs"))))
    with said.open("w") as file:
        running = subprocess.Popen(
            [sys.executable, script], stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        wait_for(lambda: re.search(r"[1-9]\d* of 400 epochs", said.read_text()), running)
        running.send_signal(signal.SIGINT)
        assert running.wait(120) != 0
    assert "KeyboardInterrupt" in said.read_text()
    (checkpoint,) = (tmp_path / "runs").rglob("*.checkpoint")
    again = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    stopped, ended = (
        [int(count) for count in re.findall(r"(\d+) of 400 epochs", text)]
        for text in (said.read_text(), again.stderr)
    )
    assert next(count for count in ended if count) >= stopped[-1], again.stderr
    assert "trained to 400" in again.stdout
    assert not checkpoint.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"optimizer": "adma"}, "study small.optimizers.adma: no optimizer 'adma'"),
        ({"optimizer": "adam", "settings": None}, "settings of adam: not given, and results/small"),
        ({"settings": {"rate": 1}}, "study small.optimizers.sgd.settings.rate: unknown setting"),
        ({"settings": {"lr": "high"}}, "study small.optimizers.sgd.settings.lr: found 'high'"),
        ({"optimizer": "mine.py:Mien"}, "optimizer mine.py:Mien: Mien is missing"),
        ({"optimizer": "mine.py:Mine", "settings": {"mu": 1}}, "optimizer mine.py:Mine: {'mu': 1}"),
        ({"optimizer": torch.optim.LBFGS}, "optimizer torch.optim:LBFGS: its step needs a closure"),
        ({"optimizer": type("Here", (), {"__module__": "__main__"})}, "optimizer Here: a class of"),
        ({"optimizer": 3}, "optimizer: found 3; allowed: its name, its class"),
        ({"seeds": 3}, "seeds: found 3; allowed: a list"),
        ({"seeds": []}, "seeds: found []"),
        ({"seeds": [1, 1]}, "seeds: found [1, 1]"),
        ({"seeds": [-1]}, "seeds: found -1; allowed: whole numbers from 0"),
        ({"seeds": [0.5]}, "seeds: found 0.5"),
        ({"epochs": 0}, "epochs: found 0; allowed: whole numbers from 1"),
        ({"workload": "tiny"}, "workload: found 'tiny' (is tiny_cnn meant?); allowed: tiny_cnn"),
        ({"stage": "band"}, "stage: found 'band'; allowed: test, tune"),
        ({"device": "gpu"}, "device: found 'gpu'"),
        ({"data": "none.npz"}, "none.npz: no such file"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_error(
    words: dict[str, Any], said: str, here: Path, tmp_path: Path
) -> None:
    asked = {"optimizer": "sgd", "settings": {}, "device": "cpu", "store": tmp_path, **words}
    with pytest.raises(InputError) as error:
        nagbench.train("small.yaml", **asked)
    assert str(error.value).startswith(said)
    assert not list(tmp_path.iterdir())
