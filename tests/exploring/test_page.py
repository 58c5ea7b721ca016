"""The page: one file that asks no network, in which no text of a study becomes markup."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from shown import HOSTILE, Shown

from nagbench.exploring.page import page

HERE = Path("src/nagbench/exploring")


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of scripts and of the title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "title": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag in self.texts:
            self.texts[self.lasttag].append(data)


def test_no_text_of_a_study_becomes_markup(shown: Shown) -> None:
    elements = Elements(page(shown.content))
    tags = [tag for tag, _ in elements.found]
    assert (tags.count("script"), tags.count("title"), tags.count("h1")) == (2, 1, 0)
    assert HOSTILE in "".join(elements.texts["title"])
    data = json.loads(elements.texts["script"][0])
    assert data == shown.content
    assert HOSTILE in data["study"]["title"]
    assert data["optimizers"][0]["label"] == HOSTILE


def test_marks_of_the_template_in_a_study_stay_text(shown: Shown) -> None:
    title = {**shown.content["study"], "title": "{{script}} {{data}}"}
    elements = Elements(page({**shown.content, "study": title}))
    assert "".join(elements.texts["title"]).strip() == "{{script}} {{data}}"


def test_it_asks_no_network(shown: Shown) -> None:
    elements = Elements(page(shown.content))
    asked = [
        value
        for _, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data")
    ]
    assert asked == ["data:,"]
    (policy,) = (
        attributes["content"]
        for _, attributes in elements.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"\b(fetch|XMLHttpRequest|importScripts|WebSocket)\(", _read("bundle.js"))
    assert not re.search(r"url\(|@import", _read("page.css"))


def test_the_script_is_made_of_its_sources() -> None:
    """Who edits these and has no node is told; `make explorer-bundle` makes the script anew."""
    folder = HERE / "javascript"
    files = [*sorted(folder.glob("*.js")), *sorted(folder.glob("package*.json"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    assert _read("bundle.js").startswith(f"/* of sources {digest} */")


def test_every_package_in_the_script_has_its_notice() -> None:
    lock = json.loads(_read("javascript/package-lock.json"))["packages"]
    notices, wanted = _read("notices.txt"), json.loads(_read("javascript/package.json"))
    names = {*wanted["dependencies"], "d3-scale", "d3-shape", "d3-array"}
    for name in names:
        assert f"{name} {lock[f'node_modules/{name}']['version']}" in notices
    assert "Permission to use, copy, modify, and/or distribute" in notices


def test_a_page_of_nothing_but_code_leaves_room_for_evidence(shown: Shown) -> None:
    code = len(page(shown.content).encode()) - len(json.dumps(shown.content).encode())
    assert code < 500_000


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
