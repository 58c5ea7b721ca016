"""The workflow outside its clone: from another folder, and as a module of another workflow."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import REPOSITORY, Checkout, commit_records, everything, has_tex, output_of

CONFIG = {"study": "micro", "device": "cpu"}
IMPORTED = """
config = {{"nagbench": {config!r}, "other": 1}}

module nagbench:
    snakefile: "{clone}/workflow/Snakefile"
    {prefix}
    config: config["nagbench"]

use rule * from nagbench as nagbench_*
"""
# What `snakedeploy deploy-workflow` writes; run as it is where it is installed.
DEPLOYED = """from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare {url} as a module
module nag_bench:
    snakefile: 
        github("nag-bench/nag-bench", path="workflow/Snakefile", tag="v0.1.0")
    config:
        config


# use all rules from {url}
use rule * from nag_bench
"""  # noqa: W291
URL = "https://github.com/nag-bench/nag-bench"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of the user's, beside the clone."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def snakemake(checkout: Checkout, folder: Path, *words: str, **environment: str) -> str:
    """What Snakemake says in a folder that is not the clone's, if all went well."""
    command = [str(Path(sys.executable).with_name("snakemake")), "--cores", "2", *words]
    return output_of(command, folder, {**checkout.environment(), **environment})


def settings(**more: str) -> list[str]:
    return ["--config", *(f"{key}={value}" for key, value in {**CONFIG, **more}.items())]


def files(folder: Path) -> Iterator[str]:
    """What a workflow made there, without Snakemake's notes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".snakemake" not in path.parts:
            yield path.relative_to(folder).as_posix()


def is_result(path: str) -> bool:
    """Whether a file says the same whenever it is made: no log, clock or report, which do not."""
    left_out = ("/logs/", "/benchmarks/", "/report.html", "/paper/paper.")
    return not any(part in path for part in left_out)


def test_either_snakefile_is_an_entry(finished: Checkout) -> None:
    assert finished.pending("--snakefile=workflow/Snakefile", *everything()) == {}


@pytest.mark.slow
def test_in_another_folder_it_makes_the_same(
    finished: Checkout, tmp_path: Path, project: Path
) -> None:
    """From records of the clone, for those that are trained anew hold other times."""
    clone = finished.copy(tmp_path / "clone")
    commit_records(clone)
    before = set(files(clone.folder / "paper"))
    words = [*settings(records="committed"), "--", *everything()]
    snakemake(clone, project, "--snakefile", f"{clone.folder}/Snakefile", *words)
    made = set(files(project))
    assert {"figures/micro/ranks.pdf", "results/micro/tables/results.csv"} < made
    assert ("results/micro/paper.pdf" in made) == has_tex()
    assert {path.partition("/")[0] for path in made} == {"figures", "results"}
    assert clone.run("--forceall", *everything(), records="committed").returncode == 0
    for path in filter(is_result, made):
        # The explorer names the folder of the records.
        found = (project / path).read_bytes().replace(f"{clone.folder}/".encode(), b"")
        assert found == (clone.folder / path).read_bytes(), path
    assert set(files(clone.folder / "paper")) == before


def write_importing(clone: Path, folder: Path, prefix: str, **config: str) -> None:
    said = f'prefix: "{prefix}"' if prefix else ""
    text = IMPORTED.format(clone=clone, config={**CONFIG, **config}, prefix=said)
    (folder / "Snakefile").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("prefix", [pytest.param("", marks=pytest.mark.slow), "bench"])
def test_as_a_module_it_makes_all(made: Checkout, project: Path, prefix: str) -> None:
    write_importing(made.folder, project, prefix)
    before = set(files(made.folder))
    snakemake(made, project, "--", *(f"nagbench_{name}" for name in everything()))
    found = set(files(project)) - {"Snakefile"}
    places = {str(Path(prefix, name)) for name in ("results", "figures")}
    assert all(any(Path(path).is_relative_to(place) for place in places) for path in found)
    assert "micro" in (project / prefix / "results/micro/report.html").read_text(encoding="utf-8")
    assert set(files(made.folder)) == before
    again = snakemake(made, project, "--dry-run", "--", *(f"nagbench_{n}" for n in everything()))
    assert "Nothing to be done" in again


@pytest.mark.slow
def test_a_module_trains_below_its_prefix(finished: Checkout, project: Path) -> None:
    """Inside the project, where paths of the clone could be taken for what has the prefix."""
    clone = finished.copy(project / "clone")
    write_importing(clone.folder, project, "bench", optimizers="sgd,nag_sutskever")
    snakemake(clone, project, "--", "nagbench_collect")
    (part,) = (project / "bench/results/parts").iterdir()
    assert (project / "bench/results" / part.stem / "records/runs.parquet").is_file()
    assert [*(project / "bench/results/runs").iterdir()]
    assert {path.name for path in project.iterdir()} == {
        "Snakefile",
        ".snakemake",
        "clone",
        "bench",
    }


@pytest.mark.slow
def test_a_module_of_committed_records_makes_tables(
    finished: Checkout, tmp_path: Path, project: Path
) -> None:
    clone = finished.copy(tmp_path / "clone")
    commit_records(clone)
    write_importing(clone.folder, project, "bench", records="committed")
    snakemake(clone, project, "--", "nagbench_tables")
    table = "results/micro/tables/results.csv"
    assert (project / "bench" / table).read_bytes() == (finished.folder / table).read_bytes()


@pytest.mark.slow
def test_snakedeploy_deploys_it(made: Checkout, tmp_path: Path) -> None:
    """From a git host, for which a folder stands in."""
    host, project = made.copy(tmp_path / "host").folder, tmp_path / "my-bench"
    for name in ("results", "figures", ".snakemake"):
        shutil.rmtree(host / name)
    for words in (
        "init --quiet",
        "add .",
        "-c user.name=Host -c user.email=host@example.org commit --quiet --message all",
        "tag v0.1.0",
    ):
        subprocess.run(["git", *words.split()], cwd=host, check=True)
    environment = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{host}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    if shutil.which("snakedeploy"):
        command = ["snakedeploy", "deploy-workflow", URL, str(project), "--tag", "v0.1.0"]
        subprocess.run(command, env={**os.environ, **environment}, check=True)
    else:
        shutil.copytree(host / "config", project / "config")
        shutil.copytree(host / "profiles", project / "profiles")
        (project / "workflow").mkdir()
        (project / "workflow/Snakefile").write_text(DEPLOYED.format(url=URL), encoding="utf-8")
    assert (project / "workflow/Snakefile").read_text().strip() == DEPLOYED.format(url=URL).strip()
    snakemake(made, project, *settings(), **environment)
    assert "micro" in (project / "results/micro/report.html").read_text(encoding="utf-8")
    assert (project / "figures/micro/ranks.pdf").is_file()
    again = snakemake(made, project, *settings(), "--dry-run", **environment)
    assert "Nothing to be done" in again
    refused = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *settings(records="committed")],
        cwd=project,
        env={**made.environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a git host's workflow comes without records" in refused.stderr.splitlines()[-1]


@pytest.mark.slow
def test_the_test_of_the_catalogue_runs(tmp_path: Path) -> None:
    """As `.ci/run` does it, in a copy of its folder."""
    folder = shutil.copytree(REPOSITORY / ".test/config", tmp_path / "config").parent
    words = ["--snakefile", f"{REPOSITORY}/Snakefile", "--directory", str(folder)]
    snakemake(Checkout(REPOSITORY), folder, *words, "--", "tables")
    assert (folder / "results/pilot/tables/verdicts.csv").is_file()
