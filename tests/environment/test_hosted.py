"""What a public repository has: hosted checks that run what there is, and metadata that agree."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))
FORMS = [Path(".github/ISSUE_TEMPLATE", f"{name}.yml") for name in ("defect", "claim")]


def steps(path: Path) -> list[dict[str, Any]]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [step for job in found["jobs"].values() for step in job["steps"]]


def matrix(path: Path) -> dict[str, list[str]]:
    """What the jobs' matrices are made of."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return {k: v for job in jobs for k, v in job.get("strategy", {}).get("matrix", {}).items()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_hosted_checks_run_what_there_is(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", Path("Makefile").read_text(), re.MULTILINE))
    commands = [step["run"] for step in steps(path) if "run" in step]
    for command in commands:
        first, *rest = command.removeprefix("sudo ").split()
        if first.startswith((".ci/", "envs/")):
            assert os.access(first, os.X_OK), command
        elif first == "make":
            named = re.fullmatch(r"make \$\{\{ matrix\.(\w+) \}\}", command)
            wanted = matrix(path)[named[1]] if named else rest
            assert set(wanted) <= targets, command
        else:
            assert first in ("pip", "pytest"), command
    assert commands


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_hosted_check_may_read_and_no_more(path: Path) -> None:
    """Whoever opens a pull request runs code there."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        wanted = {"id-token": "write"} if name == "publish" else None
        assert job.get("permissions") == wanted
    assert "pull_request_target" not in path.read_text(encoding="utf-8")


def test_the_extras_of_the_package_are_those_that_are_installed() -> None:
    extras = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = Path(".github/workflows/ci.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"--editable '\.\[([a-z,]+)\]'", text)[0].split(","))
    assert named <= extras.keys()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_asks(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    for field in form["body"]:
        assert field["type"] in ("textarea", "input", "dropdown", "checkboxes")
        assert field["attributes"]["label"]
    assert len({field["id"] for field in form["body"]}) == len(form["body"])


def test_metadata_agree() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8"))
    kept = json.loads(Path(".zenodo.json").read_text(encoding="utf-8"))
    for other in (cited, kept):
        assert other["version"] == project["version"]
        assert other["license"] == project["license"]
        assert other["title"] == cited["title"]
        assert other["keywords"] == cited["keywords"]
