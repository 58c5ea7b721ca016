"""Brings into the site what is written, or can be said, elsewhere: one source for each text.

Pages outside `docs/` keep their path of the repository; links between all of them are turned into
links of the site, and a file that is no page is put into it as it is. `<!-- site: NAME -->` in a
page is replaced by what the commands, the schema or the figures say of themselves.
"""

import argparse
import importlib
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from posixpath import dirname, normpath, relpath
from urllib.parse import urlsplit

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from nagbench.cli import parser
from nagbench.commands.parser import SUBJECTS
from nagbench.rendering.figures import NAMES

ROOT = Path(__file__).parents[1]
OUTSIDE = (
    *("README.md", "EXTENDING.md", "REPRODUCING.md", "ARCHITECTURE.md", "CONTRIBUTING.md"),
    *("CHANGELOG.md", "paper/protocol.md", "paper/records/README.md", "benchmarks/README.md"),
    "submissions/README.md",
)
_CODE = re.compile(r"(^ *```.*?^ *```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_ASKED = re.compile(r"<!-- site: (\w+) -->")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages outside `docs/`, and the figures that were drawn here."""
    for path in OUTSIDE:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for name in NAMES:
        picture = ROOT / _picture(name)
        if picture.is_file():
            files.append(File.generated(config, _picture(name), abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """With what it asks for, and with links of the site."""
    uri = page.file.src_uri
    here = dirname(uri if uri in OUTSIDE else f"docs/{uri}")
    markdown = _ASKED.sub(lambda found: SAID[found[1]](), markdown)

    def linked(found: re.Match[str]) -> str:
        target = urlsplit(found[2])
        if target.scheme or target.netloc or not target.path:
            return found[0]
        path = normpath(f"{here}/{target.path}" if here else target.path)
        place = path.removeprefix("docs/")
        if files.get_file_from_path(place) is None and (ROOT / path).is_file():
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
        anchor = f"#{target.fragment}" if target.fragment else ""
        return f"{found[1]}{relpath(place, dirname(uri) or '.')}{anchor}{found[3]}"

    # Every other part is code, which is left alone.
    parts = _CODE.split(markdown)
    return "".join(part if n % 2 else _LINK.sub(linked, part) for n, part in enumerate(parts))


def commands() -> str:
    """Every command by subject, with its own help."""
    (choices,) = (
        action.choices
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    lines = []
    for subject, names in SUBJECTS.items():
        lines += [f"### To {subject}", ""]
        for name in names:
            lines += [
                f"#### nagbench {name}",
                "",
                "```text",
                choices[name].format_help(),
                "```",
                "",
            ]
    return "\n".join(lines)


def make() -> str:
    """Every target, with what the Makefile says of it."""
    said = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [line.split(maxsplit=1) for line in said.stdout.splitlines()]
    return _table(["target", "makes"], [[f"`make {name}`", about] for name, about in rows])


def settings() -> str:
    """What `--config` may say, from the schema."""
    path = ROOT / "workflow/schemas/config.schema.yaml"
    keys = yaml.safe_load(path.read_text(encoding="utf-8"))["properties"]
    rows = []
    for key, says in keys.items():
        values = ", ".join(f"`{one}`" for one in says.get("enum", []))
        default = says["default"]
        about = f"{says['description']}{f': {values}' if values else ''}"
        rows.append([f"`{key}`", about, "–" if default is None else f"`{default}`"])
    return _table(["setting", "says", "default"], rows)


def glossary() -> str:
    """The words of ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return text.partition("## Glossary\n")[2].partition("\n## ")[0]


def figures() -> str:
    """Each figure with what it shows, its picture if it was drawn here, and its command."""
    lines = []
    for name in NAMES:
        module = importlib.import_module(f"nagbench.rendering.figures.{name}")
        title = name.replace("_", " ").capitalize()
        lines += [f"## {title}", "", " ".join((module.__doc__ or "").split("\n\n")[0].split()), ""]
        if (ROOT / _picture(name)).is_file():
            lines += [f"![{title}](../{_picture(name)})", ""]
        command = f"nagbench figure {name} --study pilot --output {name}.pdf"
        lines += ["```sh", command, "```", ""]
    return "\n".join(lines)


SAID: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "make": make,
    "settings": settings,
    "glossary": glossary,
    "figures": figures,
}


def _picture(name: str) -> str:
    return f"figures/pilot/{name}.png"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
