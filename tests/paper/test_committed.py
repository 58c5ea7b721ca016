"""The committed evidence: whole, unaltered, and what the README says of it."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from nagbench import statistics
from nagbench.errors import InputError
from nagbench.records import check_complete, read_tables
from nagbench.rendering.readme import BEGIN, END, block, replaced
from nagbench.study_file import load_study

RECORDS = Path("paper/records")
STUDIES = sorted(path.parent.name for path in RECORDS.glob("*/runs.parquet"))
README = Path("README.md").read_text(encoding="utf-8")


def test_there_is_evidence() -> None:
    assert "paper-cpu" in STUDIES
    assert sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()) < 50e6


@pytest.mark.parametrize("name", STUDIES)
def test_records_are_whole_and_as_they_were_sealed(name: str) -> None:
    folder = RECORDS / name
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {file: digest for digest, file in (line.split("  ") for line in lines)}
    assert {*sums} == {"curves.parquet", "provenance.json", "runs.parquet"}
    for file, digest in sums.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
    runs, _ = read_tables(folder)
    check_complete(load_study(name), runs)


def test_no_seed_that_tuned_is_tested() -> None:
    for name in STUDIES:
        runs, _ = read_tables(RECORDS / name)
        seeds = runs.groupby("stage")["seed"].agg(set)
        assert not seeds["tune"] & seeds["test"]


@pytest.fixture(scope="module")
def found() -> dict[str, pd.DataFrame]:
    return statistics.tables(load_study("paper-cpu"), *read_tables(RECORDS / "paper-cpu"))


def test_the_readme_says_what_the_records_say(found: dict[str, pd.DataFrame]) -> None:
    assert replaced(README, block(found), "README.md") == README


def test_the_readmes_marks_must_be_there() -> None:
    with pytest.raises(InputError, match="no marks"):
        replaced(README.replace(END, ""), "x", "README.md")
    assert replaced(f"a{BEGIN}old{END}b", "new\n", "here") == f"a{BEGIN}\nnew\n{END}b"
