"""Every command of README.md and the guides: run as typed in a clone, or, with a reason, parsed.

EXTENDING.md is followed to the letter by tests/workflow/test_extending.py.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser

from guides import blocks, commands, follow
from nagbench.cli import parser
from nagbench.commands.parser import SUBJECTS

REPOSITORY = Path(__file__).parents[2]
DOCS = sorted(REPOSITORY.glob("docs/**/*.md"))
# What these have from the guides before them is not typed again.
OTHERS = [
    *(REPOSITORY / "REPRODUCING.md", REPOSITORY / "CONTRIBUTING.md"),
    *(REPOSITORY / "paper/records/README.md", REPOSITORY / "benchmarks/README.md"),
]
GUIDES = [REPOSITORY / "README.md", *DOCS, *OTHERS]
SHELL = ("sh", "bash", "console")

# What is not run here, and why. All of it is parsed; `*` ends what only begins so.
ONLY_PARSED: Mapping[str, tuple[str, ...]] = {
    "trains the demo: `.ci/run` runs it as typed": ("make",),
    "`.ci/run` runs what it does": ("make format lint",),
    "trains for minutes; tests/comparing/test_outside.py runs it as typed": (
        "nagbench compare mine.py:Mine --study demo --quick",
        "nagbench submit *",
        "nagbench data synthetic --output results/data/synthetic.npz",
    ),
    "trains for minutes to days": (
        "nagbench compare mine.py:Mine --study cifar10-cnn",
        "snakemake --cores all --config study=cifar10-cnn compare=mine.py:Mine",
        "snakemake --cores all --config study=with-mine.yaml",
        "snakemake --cores all --config study=cifar10-cnn cifar10=FILE",
        "nagbench train paper *",
        "nagbench train paper.json *",
        "nagbench cross-check *",
        "nagbench verify *",
        "nagbench bench *",
        "pytest tests/engine tests/runner",
    ),
    "downloads CIFAR-10, wants a GPU or a cluster": (
        "snakemake --cores all",
        "snakemake --cores all --config cifar10=PATH",
        "snakemake --cores all --config device=cpu",
        "snakemake --cores all --profile workflow/profiles/slurm",
        "snakemake --cores all --profile workflow/profiles/slurm --groups *",
        "snakemake --cores all --profile workflow/profiles/kubernetes *",
        "snakemake --cores all --default-storage-provider *",
        "nagbench plan paper",
        "nagbench plan paper --device cuda",
        "nagbench plan paper --output plan.json",
        "nagbench data cifar10 *",
        "PYTHONPATH=src:CARRIED python3 -m nagbench session *",
    ),
    "wants the registry of packages": (
        "pip install snakemake-executor-plugin-slurm",
        "pip install snakemake-storage-plugin-s3",
        "pip install snakemake-executor-plugin-kubernetes *",
    ),
    "builds an image, or wants one; tests/container builds and trains": (
        "make container",
        "make container OPTIONS=*",
        "mkdir -p results figures",
        "podman *",
        "apptainer build *",
        "snakemake --cores all --sdm apptainer *",
    ),
    "wants a git host; tests/workflow/test_elsewhere.py has one": (
        "snakedeploy deploy-workflow *",
        "pip install 'nagbench[*",
    ),
    "wants records of other machines, or of runs that were not made here": (
        "nagbench records merge *",
        "nagbench explain demo *",
        "make export STUDY=demo",
        "nagbench export pilot *",
        "nagbench readme --block costs *",
        "nagbench shift cifar10-cnn *",
    ),
    "its words in quotes are the user's": ("nagbench register my-study.yaml --amend *",),
    "draws a terminal by hand": ("PYTHONPATH=tests python benchmarks/terminal_picture.py *",),
}


def said(guide: Path) -> Iterator[str]:
    """The commands of a guide, in their order."""
    for _, language, text in blocks(guide.read_text(encoding="utf-8")):
        if language in SHELL:
            yield from commands(text)


def only_parsed(command: str) -> str | None:
    """The entry of the list above that a command falls under; None if it is run."""
    for entries in ONLY_PARSED.values():
        for entry in entries:
            if command == entry or (entry.endswith("*") and command.startswith(entry[:-1])):
                return entry
    return None


ALL = {command: guide for guide in reversed(GUIDES) for command in said(guide)}


def test_what_is_not_run_stands_in_the_guides() -> None:
    used = {only_parsed(command) for command in ALL} - {None}
    assert used == {entry for entries in ONLY_PARSED.values() for entry in entries}


@pytest.mark.parametrize("command", ALL)
def test_every_command_is_one(command: str) -> None:
    """With options that it takes, whatever the files are that it names."""
    words = shlex.split(command.partition(" > ")[0])
    while re.fullmatch(r"[A-Z]+=\S*", words[0]):
        del words[0]
    if words[:3] == ["python3", "-m", "nagbench"]:
        words = words[2:]
    program, *arguments = words
    if program == "nagbench":
        assert parser().parse_args(arguments).verb
    elif program == "make":
        dry = ["make", "-n", *arguments]
        assert subprocess.run(dry, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0
    elif program == "snakemake":
        snakemake_takes(arguments)
    elif program in ("git", "python", "source", "pytest"):
        paths = [word for word in arguments if "/" in word and "*" not in word]
        assert all((REPOSITORY / path).exists() for path in paths)
    else:
        assert only_parsed(command)


def snakemake_takes(arguments: list[str]) -> None:
    """Options of its own; settings that the schema has; targets that are rules."""
    known = get_argument_parser().parse_args(arguments)
    schema = REPOSITORY / "workflow/schemas/config.schema.yaml"
    keys = yaml.safe_load(schema.read_text(encoding="utf-8"))["properties"]
    for setting in known.config or []:
        key, _, value = setting.partition("=")
        assert value in keys[key].get("enum", [value]), setting
    rules = "".join(path.read_text() for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    for target in known.targets:
        assert f"\nrule {target}:" in rules
    for profile in known.profile or []:
        assert (REPOSITORY / profile).is_dir()


def options_of(known: argparse.ArgumentParser) -> set[str]:
    """Of a parser and of its commands."""
    found = set()
    for action in known._actions:
        found |= {*action.option_strings}
        if isinstance(action, argparse._SubParsersAction):
            found |= set().union(*map(options_of, action.choices.values()))
    return found


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_options_and_commands_in_running_text_exist(guide: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", guide.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    known = options_of(parser()) | options_of(get_argument_parser())
    for code in re.findall(r"`([^`\n]+)`", text):
        said = set(re.findall(r"(?<!\S)--[a-z][a-z-]+", code))
        assert said <= known or code.startswith(("pip ", "pytest ")), code
        if named := re.match(r"nagbench ([a-z][a-z-]*)", code):
            assert named[1] in {name for names in SUBJECTS.values() for name in names}, code


def test_a_command_that_is_none_is_found() -> None:
    for command in ("nagbench trian demo", "make nothing", "snakemake --config studdy=demo"):
        with pytest.raises((AssertionError, KeyError, SystemExit)):
            test_every_command_is_one(command)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a commit of the working tree would have it, with its own environment."""
    folder = tmp_path_factory.mktemp("clone") / "clone"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True, text=True)
    for name in filter(None, files.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name, follow_symlinks=False)
    for words in (
        "init --quiet",
        "config user.name Reader",
        "config user.email reader@example.org",
        "add .",
        "commit --quiet --message all",
    ):
        subprocess.run(["git", *words.split()], cwd=folder, check=True)
    subprocess.run(["make", "--silent", "environment"], cwd=folder, check=True)
    # As an earlier study there leaves them: minutes of simulation, which no guide is about.
    simulated = folder / "results/validation"
    simulated.mkdir(parents=True)
    for name in ("calibration.parquet", "theory.parquet"):
        shutil.copy(REPOSITORY / "paper/records/validation" / name, simulated)
    return folder


@pytest.mark.documentation
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_what_a_guide_says_works(guide: Path, clone: Path) -> None:
    """Its files are written and its commands run as typed, in their order."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    environment["PATH"] = f"{clone / '.venv/bin'}{os.pathsep}{environment['PATH']}"
    for before, language, text in blocks(guide.read_text(encoding="utf-8")):
        if language not in SHELL:
            if re.search(r"Write `[^`]+`:$", before):
                follow(clone, before, text)
            continue
        for command in commands(text):
            if only_parsed(command) or (guide in OTHERS and ALL[command] != guide):
                continue
            ended = subprocess.run(
                ["bash", "-euc", command],
                cwd=clone,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, f"{command}\n{ended.stdout}"
