"""A part of a study: its runs are found where the whole has trained them, and nothing is shared."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from checkout import Checkout, everything


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    return finished.copy(tmp_path / "checkout")


@pytest.mark.slow
def test_a_part_trains_nothing_that_the_whole_has_trained(checkout: Checkout) -> None:
    ended = checkout.run("figures", "tables", "report", workloads="tiny")
    assert ended.returncode == 0, ended.stdout
    (file,) = (checkout.folder / "results/parts").iterdir()
    assert f"A part of it, as the study results/parts/{file.name}." in ended.stdout
    results = checkout.folder / "results" / file.stem
    for unit in ("tune/tiny/sgd", "test/tiny/nag_sutskever"):
        log = (results / f"logs/{unit}.log").read_text()
        # No epoch trains between the first line and the last.
        assert {line.partition(" epochs")[0] for line in log.splitlines()} == {f"{unit}: 4 of 4"}
    runs = pd.read_parquet(results / "records/runs.parquet")
    assert set(runs["study"]) == {file.stem}
    assert (results / "report.html").is_file()
    assert (checkout.folder / "figures" / file.stem / "learning_curves.png").is_file()
    assert checkout.pending(*everything()) == {}


@pytest.mark.slow
def test_a_part_of_committed_records_trains_nothing(checkout: Checkout) -> None:
    committed = checkout.folder / "paper/records"
    shutil.copytree(checkout.folder / "results/micro/records", committed / "micro")
    shutil.copytree(checkout.folder / "results/validation", committed / "validation")
    shutil.rmtree(checkout.folder / "results")
    said = {"records": "committed", "optimizers": "nag_sutskever,sgd"}
    ended = checkout.run("tables", "report", **said)
    assert ended.returncode == 0, ended.stdout
    (results,) = (checkout.folder / "results").glob("micro-sgd-nag_sutskever-*")
    assert (results / "report.html").is_file()
    assert (results / "tables/results.csv").is_file()
    assert not (checkout.folder / "results/runs").exists()
