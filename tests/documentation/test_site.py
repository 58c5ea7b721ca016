"""The documentation site builds without a warning, is whole, and fetches nothing."""

import html
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nagbench.cli import parser
from nagbench.commands.parser import SUBJECTS
from nagbench.rendering.figures import NAMES

INSTALLED = Path(".stamps/docs")
pytestmark = [
    pytest.mark.documentation,
    pytest.mark.skipif(
        not (INSTALLED / ".complete").is_file(), reason="mkdocs is missing: `make docs` brings it"
    ),
]
# What the browser would fetch by itself, unlike a link.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?://|https?:)"
    r"|<link\b[^>]*\bhref=\"?(?://|https?:)"
    r"|url\(\s*[\"']?(?://|https?:)|@import"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    words = {"PYTHONPATH": str(INSTALLED.resolve()), "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, env={**os.environ, **words}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def page(site: Path, name: str) -> str:
    return html.unescape((site / name).read_text(encoding="utf-8"))


def test_it_asks_for_nothing_from_the_network(site: Path) -> None:
    for kind in ("html", "css"):
        for path in site.rglob(f"*.{kind}"):
            found = _FETCHED.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path}: {found and found[0]}"


@pytest.mark.parametrize(
    "text",
    ['<script src="https://unpkg.com/x">', "<link rel=x href=//fonts.y>", "url('http://z')"],
)
def test_a_request_would_be_found(text: str) -> None:
    assert _FETCHED.search(text)


def test_every_command_stands_there_with_its_own_help(site: Path) -> None:
    text = page(site, "reference/commands.html")
    plain = re.sub(r"<[^>]*>", "", text)
    for names in SUBJECTS.values():
        for name in names:
            assert f'id="nagbench-{name}"' in text
            assert f"usage: nagbench {name}" in plain
    targets = re.findall(r"^([a-z-]+):.*## ", Path("Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(targets) == set(re.findall(r"<code>make ([a-z-]+)</code>", text))


def test_every_figure_stands_there_with_its_command(site: Path) -> None:
    plain = re.sub(r"<[^>]*>", "", page(site, "gallery.html"))
    typed = re.findall(r"^nagbench figure .*$", plain, re.MULTILINE)
    parsed = [parser().parse_args(shlex.split(command)[1:]) for command in typed]
    assert [name for known in parsed for name in known.names] == list(NAMES)


def test_other_pages_say_what_their_sources_say(site: Path) -> None:
    assert "SIGTERM" in page(site, "how-to/cluster.html")
    for name, word in (
        ("index.html", "167,562 weights"),
        ("paper/protocol.html", "Successive halving"),
        ("reference/glossary.html", "finished runs, parts of stopped ones"),
        ("reference/workflow.html", "a file of CIFAR-10 that lies here already"),
        ("reference/api.html", "A row is one evaluation of one run"),
    ):
        assert word in page(site, name), name
    assert "<!-- site:" not in "".join(path.read_text("utf-8") for path in site.rglob("*.html"))


def test_search_finds_the_words_of_every_page(site: Path) -> None:
    """Where the site is opened as files too, for which the index is a script."""
    index = (site / "search/search_index.js").read_text(encoding="utf-8")
    for path in site.rglob("*.html"):
        name = path.relative_to(site).as_posix()
        assert name == "404.html" or f'"{name}"' in index, name
    assert "iframe-worker.js" in page(site, "index.html")
