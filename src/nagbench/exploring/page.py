"""The page: one HTML file with its data, its style and its script inside, which asks no network."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nagbench.files import atomic_path

_HERE = Path(__file__).parent
_TEMPLATE, _STYLE, _SCRIPT, _NOTICES = "page.html", "page.css", "bundle.js", "notices.txt"


def write_page(content: Mapping[str, Any], output: Path) -> None:
    """Write the page that shows what `exploring.content` gives."""
    with atomic_path(output) as path:
        path.write_text(page(content), encoding="utf-8")


def page(content: Mapping[str, Any]) -> str:
    """The page; text of the study never becomes markup."""
    parts = {
        "title": html.escape(content["study"]["title"]),
        "style": _read(_STYLE),
        "notices": html.escape(_read(_NOTICES)),
        "data": embedded(content),
        "script": _read(_SCRIPT),
    }
    # Split first, so that no part can hold the mark of another.
    first, *pieces = _read(_TEMPLATE).split("{{")
    return first + "".join(
        parts[name] + rest for name, _, rest in (piece.partition("}}") for piece in pieces)
    )


def embedded(value: object) -> str:
    """JSON that may stand in a `<script>` element: it holds no `<`, so it cannot end it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
