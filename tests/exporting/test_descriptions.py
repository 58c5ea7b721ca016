"""What an archive says of itself to programs: held against its content, and by validators."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nagbench.cli import main
from nagbench.parquet import read_frame

RECORDS = Path("paper/records/cifar10-cnn")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory, committed_tables: Path) -> Path:
    """The archive of a registered study with records of two places, unpacked."""
    folder = tmp_path_factory.mktemp("archive")
    output = folder / "cifar10-cnn.tar.gz"
    assert main(
        ["export", "cifar10-cnn", "--records", str(RECORDS), "--statistics",
         str(committed_tables), "--output", str(output)]
    ) == 0  # fmt: skip
    subprocess.run(["tar", "-xzf", output, "-C", folder], check=True)
    return folder / "nagbench-cifar10-cnn"


def described(unpacked: Path, name: str) -> Any:
    return json.loads((unpacked / name).read_text(encoding="utf-8"))


@pytest.mark.slow
def test_what_its_readme_says_makes_the_same_result_tables(unpacked: Path) -> None:
    (command,) = re.findall("```sh\n(.+?)```", (unpacked / "README.md").read_text(), re.DOTALL)
    path = f"PATH={Path(sys.executable).parent}:$PATH"
    subprocess.run(["bash", "-euc", f"{path}; {command}"], cwd=unpacked, check=True)
    made = {file.name: file.read_bytes() for file in (unpacked / "statistics").iterdir()}
    again = {file.name: file.read_bytes() for file in (unpacked / "again").iterdir()}
    shutil.rmtree(unpacked / "again")
    assert len(made) > 20
    assert again == made
    assert len(read_frame(unpacked / "statistics/registration.parquet"))
    assert len(read_frame(unpacked / "statistics/elsewhere.parquet"))


def test_croissant_has_every_table_and_column_with_its_meaning(unpacked: Path) -> None:
    croissant = described(unpacked, "croissant.json")
    files = {file["contentUrl"]: file for file in croissant["distribution"]}
    assert set(files) == {str(path.relative_to(unpacked)) for path in unpacked.rglob("*.parquet")}
    for name, file in files.items():
        assert file["sha256"] == hashlib.sha256((unpacked / name).read_bytes()).hexdigest()
    sets = {entry["name"]: entry for entry in croissant["recordSet"]}
    assert {"runs", "curves", "comparisons", "h200/runs"} <= set(sets)
    for entry in sets.values():
        (file,) = {field["source"]["fileObject"]["@id"] for field in entry["field"]}
        assert [field["name"] for field in entry["field"]] == list(read_frame(unpacked / file))
        undeclared = {"calibration", "elsewhere", "registration", "theory"}
        told = all(field.get("description") for field in entry["field"])
        assert told != (entry["name"] in undeclared)
    assert len(sets) == len([name for name in files if "unfinished" not in name])


def test_the_crate_has_every_file_and_says_what_ran_when(unpacked: Path) -> None:
    graph = {
        entry["@id"]: entry for entry in described(unpacked, "ro-crate-metadata.json")["@graph"]
    }
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    said = {name for name, entry in graph.items() if "File" in entry["@type"]}
    assert said == files - {"SHA256SUMS", "ro-crate-metadata.json"}
    run, runs = graph["#run"], read_frame(unpacked / "records/runs.parquet")
    assert (run["startTime"], run["endTime"]) == (min(runs["started"]), max(runs["ended"]))
    assert run["instrument"] == graph["./"]["mainEntity"] == {"@id": "Snakefile"}
    used = {graph[entry["@id"]]["name"] for entry in graph["Snakefile"]["softwareRequirements"]}
    assert {"python", "torch", "numpy"} <= used
    assert {entry["@id"] for entry in run["result"]} == {
        name for name in said if name.startswith(("records/", "statistics/")) and "h200" not in name
    }
    data, code = (graph[graph[one]["license"]["@id"]]["name"] for one in ("./", "Snakefile"))
    assert (data, code) == ("CC-BY-4.0", "MIT")


@pytest.mark.outside
def test_validators_of_others_find_nothing_to_say(unpacked: Path, tmp_path: Path) -> None:
    """They want an environment of their own, and the vocabularies from the network."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    bin_ = tmp_path / "venv/bin"
    wanted = ["roc-validator==0.13.0", "mlcroissant==1.1.1", "pyarrow"]
    subprocess.run([bin_ / "pip", "install", "--quiet", *wanted], check=True)
    profile = ["--profile-identifier", "workflow-run-crate-0.5"]
    for command in (
        ["rocrate-validator", "-y", "validate", *profile, "--no-paging", "."],
        ["mlcroissant", "validate", "--jsonld", "croissant.json"],
        ["mlcroissant", "load", "--jsonld", "croissant.json", "--record_set", "h200/runs"],
    ):
        name, *arguments = command
        subprocess.run([bin_ / name, *arguments], cwd=unpacked, check=True)
