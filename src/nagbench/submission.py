"""A stranger's study with its code and records in one folder, for a pull request.

The folder is a working folder: commands run in it as they did where its author trained.
"""

import hashlib
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from nagbench.comparing.differences import difference
from nagbench.errors import InputError
from nagbench.integrity import check_complete
from nagbench.records import SEALED, SUMS, read_tables
from nagbench.rendering.lookup import labels_of
from nagbench.rendering.prose import in_markdown
from nagbench.rendering.table import p_value
from nagbench.rendering.tables.outcomes import against_baseline
from nagbench.runner.attest import check_codes
from nagbench.runner.provenance import utc
from nagbench.sources import closure
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study, study_files, study_path
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.wording import shown
from nagbench.version import __version__

ABOUT = "submission.json"
RECORDS = "records"
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Submission:
    """What `submission.json` says.

    Attributes:
        who: Its author.
        link: Where more is to be read; empty if nowhere.
        study: Its study's file.
        when: When it was packed, in UTC.
        version: Of this program, that packed it.
        files: SHA-256 of every other file, by its path in the folder.
    """

    who: str
    link: str
    study: str
    when: str
    version: str
    files: dict[str, str]


Records = tuple[Study, pd.DataFrame, pd.DataFrame]


def pack(named: str, records: Path, who: str, link: str, folder: Path) -> Submission:
    """Put a study's file, the code that it names and its records into a new folder.

    Args:
        named: The study's file, somewhere in the working folder, as its code is.
        records: The folder of its records, all of them.
        who, link: Of the author.
        folder: The new one.
    """
    if not who.strip():
        raise InputError("--who", "nobody", "a name")
    _check_link(link, "submission")
    if not named.endswith((".yaml", ".yml")):
        raise InputError("study", f"found {named!r}, which ships", "a file of your own (.yaml)")
    if folder.exists():
        raise InputError(folder, "there already", "the name of a new folder")
    study = load_study(named)
    runs, curves = read_tables(records)
    check_complete(units(study), runs, curves)
    check_codes(runs, [], records)
    path = study_path(named)
    # The study lies beside its code, whose paths it names from the working folder.
    parts = {Path(file.name): file for file in study_files(path) if _is_ours(file)}
    parts |= {_within(file): file for file in _code(study)}
    parts |= {Path(RECORDS, name): records / name for name in (*SEALED, SUMS)}
    parts = {name: file for name, file in parts.items() if file.is_file()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
        made = Path(temporary, folder.name)
        for name, file in parts.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, made / name)
        said = Submission(who.strip(), link, path.name, utc(), __version__, _digests(made, parts))
        text = json.dumps(asdict(said), indent=1, ensure_ascii=False)
        (made / ABOUT).write_text(text + "\n", encoding="utf-8")
        check(made)
        made.rename(folder)
    return said


def check(folder: Path) -> Records:
    """Refuse a submission that is not whole, or not what it says; returns its study and records."""
    said = read(folder)
    there = {path.relative_to(folder): path for path in folder.rglob("*") if not path.is_dir()}
    if links := [str(name) for name, path in there.items() if path.is_symlink()]:
        raise InputError(folder, f"links: {', '.join(links)}", "plain files")
    names = {name.as_posix() for name in there} - {ABOUT}
    if differing := sorted(names ^ said.files.keys()):
        found = f"{', '.join(differing)} only there or only in {ABOUT}"
        raise InputError(folder, found, "the files that `nagbench submit pack` put there")
    digests = _digests(folder, map(Path, said.files))
    if changed := [name for name in digests if digests[name] != said.files[name]]:
        raise InputError(folder, f"changed: {', '.join(changed)}", "files as they were packed")
    with chdir(folder):
        study = load_study(said.study)
        missing = [file for file in _code(study) if not file.is_relative_to(Path.cwd())]
        if missing:
            raise InputError(folder, f"code elsewhere: {missing[0]}", "code in the folder")
        runs, curves = read_tables(Path(RECORDS))
        check_complete(units(study), runs, curves)
        check_codes(runs, [], folder / RECORDS)
    return study, runs, curves


def read(folder: Path) -> Submission:
    """What a folder says of itself."""
    path, allowed = folder / ABOUT, "a folder that `nagbench submit pack` made"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    fields = Submission.__dataclass_fields__
    if not isinstance(content, dict) or content.keys() != fields.keys():
        raise InputError(path, "other keys", ", ".join(fields))
    files = content.pop("files")
    if not isinstance(files, dict) or not all(
        isinstance(one, str) for one in (*content.values(), *files.values())
    ):
        raise InputError(path, "values that are no texts", allowed)
    _check_link(content["link"], path)
    return Submission(**content, files=files)


def _check_link(link: str, place: object) -> None:
    if link and not re.fullmatch(r"https?://[^\s()<>\[\]|]+", link):
        raise InputError(f"{place}, link", f"found {shown(link)}", "an address (https://…)")


def board(folders: Iterable[Path]) -> str:
    """What submissions found, as a table in Markdown: who, when, on what, against what."""
    head = [
        "optimizer",
        "against",
        "on",
        "accuracy",
        "time below the targets",
        "who",
        "when",
        "trained on",
    ]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for folder in folders:
        lines += _rows(folder)
    return "\n".join(lines) + "\n"


def _rows(folder: Path) -> Iterator[str]:
    said, (study, runs, curves) = read(folder), check(folder)
    tables = result_tables(study, runs, curves)
    author = _in_cell(said.who)
    who = f"[{author}]({said.link})" if said.link else author
    made = [json.loads(text) for text in runs["provenance"]]
    machines = ", ".join(
        dict.fromkeys(f"{one.get('device')}, torch {one.get('torch')}" for one in made)
    )
    named = labels_of(tables)
    times = tables["speed_comparisons"]
    times = times[times["clock"] == "gradients"]
    speed = {
        (row["workload"], other): _difference(row, sign, 1, 0, "gradients")
        for other, row, sign in against_baseline(tables, times)
    }
    for other, row, sign in against_baseline(tables, tables["comparisons"]):
        cells = [
            *map(_in_cell, (named[other], named[study.baseline], named[row["workload"]])),
            _difference(row, sign, 100, 2, "points"),
            speed[row["workload"], other],
            who,
            *map(_in_cell, (said.when[:10], machines)),
        ]
        yield f"| {' | '.join(cells)} |"


def _in_cell(text: str) -> str:
    """What a stranger wrote, as it stays in a cell of a table."""
    return in_markdown(" ".join(text.split()))


def _difference(row: pd.Series, sign: int, scale: float, digits: int, unit: str) -> str:
    found = difference(row, sign * scale, digits)
    told = found if math.isnan(row["difference"]) else f"{found} {unit}"
    return f"{told} (p {p_value(row['p_adjusted'])})"


def _is_ours(file: Path) -> bool:
    """Whether a file does not come with the package."""
    return not file.resolve().is_relative_to(_PACKAGE)


def _code(study: Study) -> list[Path]:
    """The files of a study's own optimizers, and what these import of their author's."""
    modules = {module for one in units(study) for module in one.base.modules()}
    return [file for file in closure(sorted(modules)) if _is_ours(file)]


def _within(file: Path) -> Path:
    """A file's path from the working folder, which is how a study names its code."""
    if not file.is_relative_to(Path.cwd()):
        raise InputError(file, "outside the working folder", "code in it or below")
    return file.relative_to(Path.cwd())


def _digests(folder: Path, names: Iterable[Path]) -> dict[str, str]:
    return {
        name.as_posix(): hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in sorted(names)
    }
