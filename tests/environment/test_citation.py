"""CITATION.cff against what the Citation File Format asks for, and against the package."""

import datetime as dt
import tomllib
from pathlib import Path

import yaml

CITATION = yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_it_has_all_that_the_format_requires() -> None:
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["message"]
    assert CITATION["title"]
    assert CITATION["type"] in ("software", "dataset")
    for author in CITATION["authors"]:
        assert author.keys() <= {"name", "family-names", "given-names", "orcid", "affiliation"}
        assert "name" in author or "family-names" in author
    assert isinstance(CITATION["date-released"], dt.date)
    assert len(set(CITATION["keywords"])) == len(CITATION["keywords"])


def test_it_agrees_with_the_package() -> None:
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["license"] == PROJECT["license"] == "MIT"
    assert [author["name"] for author in CITATION["authors"]] == [
        author["name"] for author in PROJECT["authors"]
    ]
