"""The folder that judging writes: all of it, or nothing."""

import errno
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from nagbench.errors import InputError
from nagbench.files import writing
from nagbench.judging.columns import documentation
from nagbench.judging.figures import draw
from nagbench.judging.judgement import Judgement
from nagbench.judging.latex_tables import tables
from nagbench.judging.report import report

REPORT = "report.html"
_MARK = "COLUMNS.md"  # by which a folder is known as one of ours


def check(folder: Path) -> None:
    """Refuse a folder that holds something else, before anything is computed."""
    with _one_message(folder):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise InputError(f"--output {folder}", "a file of this name", "a folder, new or empty")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
            found = "a folder that holds other files"
            allowed = "a new folder, or one that this command made"
            raise InputError(f"--output {folder}", found, allowed)


def write(judged: Judgement, folder: Path) -> None:
    """Write tables, figures, LaTeX and report into `folder`, in place of what it was."""
    check(folder)
    with _one_message(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
            made = Path(name) / "new"
            made.mkdir()
            _fill(judged, made)
            if folder.exists():
                folder.replace(Path(name) / "old")
            made.replace(folder)


def _one_message(folder: Path) -> AbstractContextManager[None]:
    """What the system says against a folder, as an error of the option that names it."""
    return writing(f"--output {folder}", errno.ENOENT)


def _fill(judged: Judgement, folder: Path) -> None:
    for name in ("summary", "comparisons", "speed"):
        getattr(judged, name).to_csv(folder / f"{name}.csv", index=False)
    (folder / _MARK).write_text(documentation(), encoding="utf-8")
    draw(judged, folder)
    for name, table in tables(judged).items():
        (folder / f"{name}.tex").write_text(table.tex(), encoding="utf-8")
    (folder / REPORT).write_text(report(judged, folder), encoding="utf-8")
