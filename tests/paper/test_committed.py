"""The committed evidence: whole, unaltered, and what the README says of it."""

import hashlib
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from nagbench import registration as registering
from nagbench import step_costs
from nagbench.comparing.replication import replication
from nagbench.errors import InputError
from nagbench.integrity import check_complete
from nagbench.judging import quoted
from nagbench.records import SEALED, read_tables, write_tables
from nagbench.records import digest as records_digest
from nagbench.rendering.lookup import labels
from nagbench.rendering.readme import BLOCKS, COSTS, RESULTS, marks, replaced, with_runs, written
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.study.plan import units

RECORDS = Path("paper/records")
STUDIES = sorted(path.parent.name for path in RECORDS.glob("*/runs.parquet"))


def test_there_is_evidence() -> None:
    assert "pilot" in STUDIES
    assert sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()) < 50e6


@pytest.mark.parametrize("folder", [*STUDIES, "cifar10-cnn/h200"])
def test_records_are_whole_and_as_they_were_sealed(folder: str) -> None:
    records, name = RECORDS / folder, folder.partition("/")[0]
    lines = (records / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {file: digest for digest, file in (line.split("  ") for line in lines)}
    assert {"curves.parquet", "provenance.json", "runs.parquet"} <= {*sums} <= {*SEALED}
    for file, digest in sums.items():
        assert hashlib.sha256((records / file).read_bytes()).hexdigest() == digest
    study, (runs, curves) = load_study(name), read_tables(records)
    place = registering.path_of(study)
    check_complete(units(study), runs, curves, partial=place.is_file())
    if place.is_file():
        registering.check(registering.read(place), study, runs)


def test_one_changed_value_of_the_committed_records_is_refused(tmp_path: Path) -> None:
    """With `SHA256SUMS` left alone, and made anew: the curves no longer say what was tested."""
    folder = Path(shutil.copytree(RECORDS / "pilot", tmp_path / "records"))
    runs, curves = read_tables(folder)
    own = runs[(runs["optimizer"] == "sgd") & (runs["workload"] == "seed_cnn")]
    chosen = own["trial"][own["stage"] == "test"].iloc[0]
    others = own["run"][(own["stage"] == "tune") & (own["trial"] == chosen - 1)]
    place = curves.index[curves["run"].isin(others) & (curves["epoch"] == 10)]
    curves.loc[place, "validation_accuracy"] = 0.99
    sums = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    write_tables(folder, runs, curves)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    with pytest.raises(InputError, match="SHA-256"):
        read_tables(folder)
    write_tables(folder, runs, curves)
    with pytest.raises(InputError, match="the choice want"):
        check_complete(units(load_study("pilot")), *read_tables(folder))


def test_four_seeds_of_fourteen_cannot_be_left_out() -> None:
    runs, curves = read_tables(RECORDS / "pilot")
    fewer = runs[~runs["seed"].isin([111, 112, 113, 114])]
    kept = curves[curves["run"].isin(fewer["run"])]
    with pytest.raises(InputError, match="4 of 14 runs missing"):
        check_complete(units(load_study("pilot")), fewer, kept)


def test_the_registration_keeps_the_verdicts_on_the_committed_records() -> None:
    """So an edit of the code that turned one would stop; `make readme` keeps them."""
    for place in registering.FOLDER.glob("*.json"):
        kept = {entry["records"] for entry in registering.read(place)["judged"]}
        for folder in (RECORDS / place.stem, RECORDS / place.stem / "h200"):
            if folder.is_dir():
                costs = step_costs.beside(folder)
                assert records_digest(*read_tables(folder), costs) in kept, folder


def test_no_seed_that_tuned_is_tested() -> None:
    for name in STUDIES:
        runs, _ = read_tables(RECORDS / name)
        seeds = runs.groupby("stage")["seed"].agg(set)
        assert not seeds["tune"] & seeds.get("test", set())


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, pd.DataFrame]]:
    """The result tables of the committed records, by study."""
    return {
        name: result_tables(
            load_study(name), *read_tables(RECORDS / name), step_costs.beside(RECORDS / name)
        )
        for name in STUDIES
    }


@pytest.mark.parametrize(
    ("file", "study", "blocks"),
    [
        ("README.md", "cifar10-cnn", {"answer", "verdicts"}),
        ("docs/verdicts.md", "cifar10-cnn", {"results"}),
        ("docs/pilot.md", "pilot", {"results"}),
        ("docs/rivals.md", "cifar10-cnn-rivals", {"answer", "results"}),
        ("paper/records/README.md", "cifar10-cnn", {"costs"}),
    ],
)
def test_pages_say_what_the_records_say(
    file: str, study: str, blocks: set[str], found: dict[str, dict[str, pd.DataFrame]]
) -> None:
    """`make readme` writes those of cifar10-cnn."""
    text = Path(file).read_text(encoding="utf-8")
    assert {name for name in BLOCKS if marks(name)[0] in text} == blocks
    assert written(text, found[study], file) == text


def test_the_figure_of_the_answer_is_of_those_that_were_tested(
    found: dict[str, dict[str, pd.DataFrame]],
) -> None:
    tables = found["cifar10-cnn"]
    known = labels(tables)
    picture = Path("figures/readme/answer.svg").read_text(encoding="utf-8")
    shown = {
        name for name in known if re.search(f"(<!-- |>){re.escape(known[name])}( -->|<)", picture)
    }
    assert shown == set(with_runs(tables))


@pytest.fixture(scope="module")
def readme() -> str:
    """Its words, however its lines are wrapped."""
    return " ".join(Path("README.md").read_text(encoding="utf-8").split())


def test_what_readme_says_of_the_second_study_holds(
    found: dict[str, dict[str, pd.DataFrame]], readme: str
) -> None:
    claims = found["cifar10-cnn-rivals"]["hypotheses"].set_index("hypothesis")
    assert (
        "comes, from new seeds, to the same verdicts on gradient descent and heavy ball" in readme
    )
    first = found["cifar10-cnn"]["hypotheses"].set_index("hypothesis")
    for name in ("N1", "N2", "A1", "A2"):
        assert claims.at[f"{name}_again", "verdict"] == first.at[name, "verdict"]
    assert "NAG is ahead of them at other settings too" in readme
    assert set(claims["verdict"][~claims["waits"]]) == {"supported"}
    assert "heavy ball at NAG's own rate and momentum" in readme
    told = "about half the time that it gains against tuned heavy ball, and all of the accuracy"
    assert told in readme
    assert 0.4 < claims.at["N2_faster", "effect"] / claims.at["N2_again", "effect"] < 0.6
    assert 0.9 < claims.at["A2_as_nag", "effect"] / claims.at["A2_again", "effect"] < 1.1
    assert "NAG's own second setting, on which A2 depends" in readme
    assert first.at["A2", "depends_on_tuning"]


def test_what_readme_says_of_the_first_articles_conditions_holds(
    found: dict[str, dict[str, pd.DataFrame]], readme: str
) -> None:
    first = found["cifar10-cnn"]["hypotheses"].set_index("hypothesis")
    assert "NAG ends 24 points below the 90 % that it promises" in readme
    assert round(100 * first.at["C0a", "effect"]) == -24
    assert "and is slower than SGD with a small search" in readme
    assert set(first.loc[["C0a", "C0b_stated"], "verdict"]) == {"contradicted"}


def test_what_readme_says_of_precision_holds(
    found: dict[str, dict[str, pd.DataFrame]], readme: str
) -> None:
    claims = found["cifar10-cnn"]["hypotheses"].set_index("hypothesis")
    assert "In float32 instead of bfloat16 NAG is ahead of gradient descent likewise" in readme
    assert set(claims.loc[["P1", "P2"], "verdict"]) == {"supported"}


def test_what_each_hour_brought_counts_all_runs(
    found: dict[str, dict[str, pd.DataFrame]],
) -> None:
    runs, curves = read_tables(RECORDS / "cifar10-cnn")
    table = found["cifar10-cnn"]["costs"]
    assert table["runs"].sum() == runs["run"].nunique()
    assert table["epochs"].sum() == curves.groupby("run")["epoch"].max().sum()
    runs = runs.drop_duplicates("run")
    spent = runs["train_seconds"].sum() + runs["evaluation_seconds"].sum()
    assert table["hours"].sum() == pytest.approx(spent / 3600)


def test_the_records_readme_says_how_another_machine_differs() -> None:
    path, there = RECORDS / "README.md", RECORDS / "cifar10-cnn"
    text = path.read_text(encoding="utf-8")
    found = replication(load_study("cifar10-cnn"), there / "h200", there)
    assert replaced(text, "shift", found, str(path)) == text
    assert "| N4 | not tested yet | supported |" in found  # runs of NAdam are missing there


@pytest.mark.parametrize("name", [RESULTS, COSTS])
def test_the_readmes_marks_must_be_there(name: str) -> None:
    begin, end = marks(name)
    with pytest.raises(InputError, match="no marks"):
        replaced(f"a{begin}b", name, "x", "README.md")
    assert replaced(f"a{begin}old{end}b", name, "new\n", "here") == f"a{begin}\nnew\n{end}b"


def test_what_the_paper_quotes_of_other_peoples_runs_is_what_their_tables_say() -> None:
    beyond = Path("paper/beyond")
    assert (beyond / "numbers.tex").read_text(encoding="utf-8") == quoted.lines(beyond)
    pairs = pd.read_csv(beyond / "look_ahead" / "comparisons.csv").set_index("optimizer")
    row = pairs.loc["muon_lr035_200_fewer"].query("against == 'baseline'").iloc[0]
    assert quoted.numbers(beyond)["beyond.look_ahead.muon_lr035_200_fewer.verdict"] == (
        "is shown to end higher than"
    )
    assert row["difference"] > 0
