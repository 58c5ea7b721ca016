"""`--sdm apptainer`: every job runs in the image that is configured, with the clone's code.

Apptainer itself has a stand-in; tests/container trains in an image by the same stand-in.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from checkout import Checkout, check_out, everything

HERE = Path(__file__).parent
# In place of `nagbench`: notes in which image it runs and with whose code, and makes empty files.
NOTING = """#!/bin/sh
echo "$1 ${{APPTAINER_CONTAINER:-outside}} $PYTHONPATH" >> "$(dirname "$0")/ran"
exec "{python}" "$(dirname "$0")/stand_in.py" "$@"
"""


class Ran(NamedTuple):
    """A command of `nagbench`, the image that it ran in, and where its code was looked for."""

    command: str
    image: str
    code: str


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = check_out(tmp_path / "checkout")
    own = checkout.folder / "bin"
    for name in ("stand_in.py", "apptainer.py"):
        shutil.copy(HERE / name, own)
    programs = {
        "nagbench": NOTING.format(python=sys.executable),
        "apptainer": f'#!/bin/sh\nexec "{sys.executable}" "$(dirname "$0")/apptainer.py" "$@"\n',
        "conda": '#!/bin/sh\necho "$@" >> "$(dirname "$0")/conda-asked"\nexit 1\n',
    }
    for name, text in programs.items():
        (own / name).write_text(text, encoding="utf-8")
        (own / name).chmod(0o755)
    (checkout.folder / "nagbench.sif").touch()
    return checkout


def ran(checkout: Checkout) -> list[Ran]:
    text = (checkout.folder / "bin/ran").read_text(encoding="utf-8")
    return [Ran(*line.split(" ", 2)) for line in text.splitlines()]


def asked(checkout: Checkout) -> list[list[str]]:
    notes = checkout.folder / "bin/asked"
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def test_every_job_runs_in_the_image_with_the_code_of_the_clone(checkout: Checkout) -> None:
    ended = checkout.run("--sdm=apptainer", *everything(), container="nagbench.sif")
    assert ended.returncode == 0, ended.stdout
    jobs = [one for one in ran(checkout) if one.command != "preflight"]
    assert {one.command for one in jobs} >= {"data", "train", "collect", "statistics", "explore"}
    assert {one.image for one in jobs} == {"nagbench.sif"}
    assert {one.code for one in jobs} == {str(checkout.folder / "src")}
    calls = asked(checkout)
    assert {call[0] for call in calls} == {"exec"}
    assert len(calls) > len(jobs)  # the report and the paper are of other programs
    assert any("snakemake --report" in call[-1] for call in calls)
    assert (checkout.folder / "results/micro/report.html").is_file()
    assert not (checkout.folder / "bin/conda-asked").exists()
    again = checkout.run("--sdm=apptainer", *everything(), container="nagbench.sif")
    assert "Nothing to do" in again.stdout
    assert len(asked(checkout)) == len(calls)


def test_without_that_option_the_image_is_of_no_use(checkout: Checkout) -> None:
    ended = checkout.run("results/micro/records/runs.parquet", container="nagbench.sif")
    assert ended.returncode == 0, ended.stdout
    assert {one.image for one in ran(checkout)} == {"outside"}
    assert asked(checkout) == []


def test_an_image_of_a_registry_is_fetched_once(checkout: Checkout) -> None:
    name = "docker://registry.example.org/nagbench"
    ended = checkout.run("--sdm=apptainer", "results/micro/records/runs.parquet", container=name)
    assert ended.returncode == 0, ended.stdout
    pulled = [call for call in asked(checkout) if call[0] == "pull"]
    assert [call[-1] for call in pulled] == [name]


def test_a_folder_that_the_user_binds_stays_bound(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nagbench.runner.workflow import code_in_containers

    for name in ("APPTAINER", "SINGULARITY"):
        monkeypatch.setenv(f"{name}_BIND", "/data,/more")
        monkeypatch.setenv(f"{name}ENV_PYTHONPATH", "")
    code_in_containers(Path("/clone"))
    code_in_containers(Path("/clone"))  # each of a workflow's processes does
    code_in_containers(None)
    assert os.environ["APPTAINER_BIND"] == "/data,/more,/clone"
    assert os.environ["SINGULARITYENV_PYTHONPATH"] == "/clone/src"
