"""The commit that records name: of the clone, or of the image that has no history."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nagbench.runner import provenance


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that passes for the package."""
    place = tmp_path / "nagbench"
    (place / "runner").mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(place / "runner/provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    provenance.commit.cache_clear()
    yield place
    provenance.commit.cache_clear()


def test_without_a_history_nothing_is_known(package: Path) -> None:
    assert provenance.commit() == "unknown"


def test_an_image_says_what_it_was_built_from(package: Path) -> None:
    (package / "commit.txt").write_text("abc with changes\n", encoding="utf-8")
    assert provenance.commit() == "abc with changes"


def test_a_history_goes_before_that(package: Path) -> None:
    (package / "commit.txt").write_text("abc\n", encoding="utf-8")
    (package / ".gitignore").write_text("commit.txt\n", encoding="utf-8")
    git = ["git", "-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-C", package]
    for words in ("init --quiet", "add .", "commit --quiet --message all"):
        subprocess.run([*git, *words.split()], check=True)
    said = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert provenance.commit() == said.stdout.strip()
    (package / "new.py").touch()
    provenance.commit.cache_clear()
    assert provenance.commit() == f"{said.stdout.strip()} with changes"
