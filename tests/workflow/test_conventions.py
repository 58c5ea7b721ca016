"""What the catalogue of Snakemake workflows asks for of their standardized usage."""

import re
from typing import Any

import yaml
from checkout import REPOSITORY


def read(path: str) -> Any:
    return yaml.safe_load((REPOSITORY / path).read_text(encoding="utf-8"))


SCHEMA = read("workflow/schemas/config.schema.yaml")["properties"]


def test_the_configuration_says_the_defaults_of_the_schema() -> None:
    assert read("config/config.yaml") == {key: says["default"] for key, says in SCHEMA.items()}


def test_the_readme_of_the_configuration_names_every_setting() -> None:
    text = (REPOSITORY / "config/README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(SCHEMA)


def test_the_files_lie_where_the_catalogue_looks() -> None:
    for name in ("workflow/Snakefile", "config/README.md", ".test/config/config.yaml"):
        assert (REPOSITORY / name).is_file(), name
    assert set(read(".test/config/config.yaml")) <= set(SCHEMA)


def test_the_catalogue_is_told_how_to_use_it() -> None:
    usage = read(".snakemake-workflow-catalog.yml")["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    deployments = usage["software-stack-deployment"]
    assert set(deployments) == {"conda", "singularity", "singularity+conda"}
    assert usage["report"] is True
