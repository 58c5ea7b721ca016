"""The container is really built, and trains: its records are those of this machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from checkout import MICRO, REPOSITORY, Checkout, check_out
from image import Image, missing

from nagbench.records import digest, read_tables
from nagbench.runner.provenance import commit

pytestmark = pytest.mark.container
RECORDS = "results/micro/records"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    assert missing() == [], "Debian's buildah and mmdebstrap bring them"
    with Image(tmp_path_factory.mktemp("image")) as built:
        yield built


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The small study, trained by this machine's own environment."""
    checkout = check_out(tmp_path_factory.mktemp("local") / "checkout")
    ended = checkout.run(f"{RECORDS}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    return checkout


@pytest.fixture
def mounted(tmp_path: Path) -> dict[Path, str]:
    """Folders of a user's for what is made."""
    folders = {tmp_path / name: f"/nagbench/{name}" for name in ("results", "figures")}
    for folder in folders:
        folder.mkdir()
        folder.chmod(0o777)
    return folders


def test_it_holds_what_git_does(image: Image) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    kept = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True, text=True)
    made = (
        "-path",
        "./.venv",
        "-prune",
        "-o",
        "(",
        "-type",
        "f",
        "-o",
        "-type",
        "l",
        ")",
        "-print",
    )
    found = {os.path.normpath(path) for path in image.run("find", ".", *made, mounted={}).split()}
    assert found == {*kept.stdout.split(), "src/nagbench/commit.txt"}


def test_records_that_anybody_trains_in_it_are_those_of_this_machine(
    image: Image, local: Checkout, mounted: dict[Path, str], tmp_path: Path
) -> None:
    study = tmp_path / "results/micro.yaml"
    study.write_text(yaml.safe_dump(MICRO, sort_keys=False), encoding="utf-8")
    snakemake = ("snakemake", "--cores", "2", "--config", "study=results/micro.yaml")
    image.run(*snakemake, "--", f"{RECORDS}/runs.parquet", mounted=mounted)
    inside = read_tables(tmp_path / RECORDS)
    assert digest(*inside) == digest(*read_tables(local.folder / RECORDS))
    assert {json.loads(text)["commit"] for text in inside[0]["provenance"]} == {commit()}


def test_the_workflow_trains_in_it_by_a_stand_in_for_apptainer(
    image: Image, local: Checkout, tmp_path: Path
) -> None:
    """With the code of the clone, whose history is not there, and the libraries of the image."""
    checkout = check_out(tmp_path / "checkout")
    program = checkout.folder / "bin/apptainer"
    script = REPOSITORY / "tests/workflow/apptainer.py"
    shutil.copy(script, program.parent)
    python = f'#!/bin/sh\nexec "{sys.executable}" "{program.with_suffix(".py")}" "$@"\n'
    program.write_text(python, encoding="utf-8")
    program.chmod(0o755)
    (checkout.folder / "nagbench.sif").touch()
    target = f"{RECORDS}/runs.parquet"
    ended = subprocess.run(
        checkout.command("--sdm=apptainer", target, container="nagbench.sif"),
        cwd=checkout.folder,
        env=image.settings | checkout.environment() | {"STAND_IN_CONTAINER": image.container},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    inside = read_tables(checkout.folder / RECORDS)
    assert digest(*inside) == digest(*read_tables(local.folder / RECORDS))
    made = [json.loads(text) for text in inside[0]["provenance"]]
    assert {one["commit"] for one in made} == {"unknown"}


def test_committed_records_become_a_paper_in_it(
    image: Image, mounted: dict[Path, str], tmp_path: Path
) -> None:
    image.run("make", "results", mounted=mounted)
    assert (tmp_path / "results/cifar10-cnn/paper.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figures/cifar10-cnn/claims.pdf").is_file()
