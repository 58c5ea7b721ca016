"""`nagbench compare`, as the author of an optimizer types it."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from nagbench import records
from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from nagbench.study.file import load_study
from small_study import SMALL

PATIENT = '''
import torch


class Patient(torch.optim.SGD):
    """SGD by another name."""

    def __init__(self, params, lr=0.05, momentum=0.0):
        super().__init__(params, lr=lr, momentum=momentum)
'''


def write_small(folder: Path) -> str:
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({**SMALL, "testing": {"seeds": [11, 12, 13, 14, 15, 16]}}))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with data, a study of six test seeds, and an optimizer's file."""
    monkeypatch.chdir(tmp_path)
    write_small(tmp_path)
    Path("patient.py").write_text(PATIENT)
    save(images, Path("results/data/synthetic.npz"))
    return tmp_path


def compare(*more: str) -> int:
    return main(["compare", "patient.py:Patient", "--study", "small.yaml", *more])


def study_of() -> Any:
    return load_study("results/compare-small-patient/compare-small-patient.yaml")


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(f"results/compare-small-patient/statistics/{name}.parquet")


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory, images: ImageSet) -> list[str]:
    """Records of the whole study, as if they had been committed."""
    here = tmp_path_factory.mktemp("there")
    small, data = write_small(here), here / "data.npz"
    save(images, data)
    assert main(["train", small, "--results", f"{here}", "--store", f"{here / 'runs'}",
                 "--data", f"{data}", "--device", "cpu"]) == 0  # fmt: skip
    units = sorted(map(str, (here / "small").rglob("*.parquet")))
    assert main(["collect", small, "--output", f"{here / 'records'}", *units]) == 0
    return ["--records", f"{here / 'records'}"]


def test_a_card_with_committed_records(
    folder: Path, committed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The baseline, trained again, equals the committed one, so others may stand beside."""
    assert compare(*committed, "--device", "cpu") == 0
    said = capsys.readouterr().out
    assert re.search(r"\d+ runs: about [\d.]+ (seconds|minutes) on this cpu, in [\d.]+ GB", said)
    assert "Patient against SGD" in said
    assert "equals the committed runs to the last bit" in " ".join(said.split())

    shift = table("shift").set_index("metric")
    assert shift["equal"].all()
    assert shift["comparable"].all()
    assert (shift["pairs"] == 6).all()
    assert set(table("beside")["optimizer"]) == {"nag_sutskever"}
    claims = table("hypotheses").set_index("hypothesis")
    assert claims.loc["accuracy", "margin"] == study_of().tolerance
    # The tuning of the baseline is that of the records; its test trained anew.
    store = list(Path("results/compared").rglob("*.json"))
    runs, _ = records.read_tables(Path("results/compare-small-patient/records"))
    trained = runs[(runs["optimizer"] == "patient") | (runs["stage"] == "test")]
    assert len(store) == trained["run"].nunique()

    page = Path("results/compare-small-patient/card.html").read_text(encoding="utf-8")
    assert "(committed)" in page
    assert "Not registered before its runs" in page
    assert not re.search(r"""(src|href)=["']?http""", page)  # it needs nothing beside it
    assert Path("results/compare-small-patient/card.pdf").read_bytes().startswith(b"%PDF")
    # It is a study like any other.
    assert main(["show", "results/compare-small-patient/compare-small-patient.yaml"]) == 0


@pytest.mark.slow
def test_without_committed_records_all_is_trained_here(folder: Path) -> None:
    assert compare("--device", "cpu", "--untuned", "--quick") == 0
    assert not Path("results/compare-small-patient/statistics/shift.parquet").exists()
    page = Path("results/compare-small-patient/card.html").read_text(encoding="utf-8")
    assert "all that is compared trained here" in page
    assert "nothing: untuned" in page


@pytest.mark.slow
def test_another_precision_stands_beside_nothing(folder: Path, committed: list[str]) -> None:
    assert compare(*committed, "--device", "cpu", "--untuned", "--precision", "bfloat16") == 0
    (workload,) = study_of().workloads.values()
    assert workload.precision == "bfloat16"
    assert not Path("results/compare-small-patient/statistics/shift.parquet").exists()


def test_an_estimate_trains_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--device", "cpu", "--estimate", "--quick") == 0
    assert "runs: about" in capsys.readouterr().out
    assert not Path("results/compared").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--settings", "rate=1"], "rate"),
        (["--minutes", "0"], "--minutes"),
        (["--minutes", "nan"], "--minutes"),
        (["--entry", "small.yaml", "--untuned"], "--entry"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    folder: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare("--device", "cpu", *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nagbench compare: ")
    assert re.search(message, line)
    assert [path.name for path in Path("results").iterdir()] == ["data"]
