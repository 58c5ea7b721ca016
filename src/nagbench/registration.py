"""A study's registration: what was fixed before its runs, and what was amended since.

It holds the study's definition in plain words, the protocol's digest, and the behaviour of judging.
Where one of them is no longer what it was, or records that were judged are judged otherwise,
nothing is computed until an amendment says what changed, why, and what had been seen. Digests of
the engine and of the statistics are recorded and bind nothing: every repair changes them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from nagbench import records, step_costs
from nagbench.engine.recipe import digest, plain
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.integrity import check_complete
from nagbench.plain_data import made
from nagbench.runner.provenance import commit, utc
from nagbench.sources import ENGINE, code_digest
from nagbench.statistics.result_tables import result_tables
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.validation.behaviour import behaviour

FOLDER = Path("paper/registrations")
PROTOCOL = Path("paper/protocol.md")
VERSION = 2
# What decides neither a run nor a verdict.
_WORDS = ("title", "remark", "demo", "gpu", "label", "citation", "claim", "source")
_SHOWN = 5  # changes that a message names at most

Registration = dict[str, Any]


@dataclass(frozen=True)
class _Amendment:
    """The types of what an amendment says."""

    time: str
    commit: str
    what: str
    why: str
    seen: str
    changes: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class _Judged:
    """The types of what was found on some records."""

    records: str
    time: str
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class _Words:
    """The types of what a registration says."""

    version: int
    study: str
    time: str
    commit: str
    digest: str
    definition: Mapping[str, Any]
    protocol: str
    behaviour: Mapping[str, Any]
    recorded: Mapping[str, str]
    amendments: tuple[_Amendment, ...]
    judged: tuple[_Judged, ...]
    seal: str


def path_of(study: Study, root: Path = Path()) -> Path:
    """Where a study's registration is, if it has one."""
    return _path(study.name, root)


def _path(name: str, root: Path) -> Path:
    return root / FOLDER / f"{name}.json"


def root_of(name: str, *near: Path) -> Path:
    """The folder of the project in which the study of that name is registered.

    It is the current one, or one above a path of `near`: so a study stays registered wherever it
    is judged from. The current one also where there is no registration.
    """
    folders = [Path(), *(folder for path in near for folder in path.resolve().parents)]
    roots = [folder for folder in folders if _path(name, folder).is_file()]
    different = sorted({str(_path(name, folder).resolve()) for folder in roots})
    if len(different) > 1:
        found = f"two registrations: {' and '.join(different)}"
        raise InputError(f"study {name}", found, "one; judge it in its own folder")
    return roots[0] if roots else Path()


def definition(study: Study) -> dict[str, Any]:
    """All of a study that decides its runs and verdicts, as plain data."""
    seeds = {unit.name: unit.seeds for unit in units(study)}
    words: dict[str, Any] = json.loads(json.dumps(plain({**asdict(study), "seeds": seeds})))
    return {key: _without_words(one) for key, one in words.items() if key not in _WORDS}


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_words(one) for key, one in value.items() if key not in _WORDS}
    return value


def registered(study: Study, root: Path = Path()) -> Registration:
    """A new registration of a study as it is now."""
    content = _content(study, root)
    return {
        "version": VERSION,
        "study": study.name,
        "time": utc(),
        "commit": commit(),
        "digest": digest([study.name, content]),
        **content,
        "recorded": {
            "engine": code_digest([ENGINE]),
            "statistics": code_digest(["nagbench.statistics.result_tables"]),
        },
        "amendments": [],
        "judged": [],
    }


def _content(study: Study, root: Path) -> dict[str, Any]:
    """What is registered, as it is today."""
    return {
        "definition": definition(study),
        "protocol": protocol_digest(root),
        "behaviour": behaviour(),
    }


def protocol_digest(root: Path = Path()) -> str:
    """The digest of the protocol's text."""
    try:
        return digest((root / PROTOCOL).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(root / PROTOCOL, f"not readable ({error})", "the protocol") from None


def changes(registration: Registration, study: Study, root: Path = Path()) -> list[dict[str, Any]]:
    """What is no longer as registered: places, each with what stood there before and stands now."""
    found: list[dict[str, Any]] = []
    for key, value in _content(study, root).items():
        found += _differences(key, registration[key], value)
    return found


def _differences(place: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(key for key in after if key not in before)):
            yield from _differences(f"{place}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield {"place": place, "before": before, "after": after}


def amended(
    registration: Registration,
    study: Study,
    *,
    what: str,
    why: str,
    seen: str,
    verdicts: tuple[str, Mapping[str, str]] | None = None,
    root: Path = Path(),
) -> Registration:
    """The registration with an amendment that makes the study, the protocol and the judging of
    today the registered ones.

    Args:
        what, why, seen: What changed, why, and which results had been seen, in words.
        verdicts: The digest of judged records, and their verdicts of today, by claim.
    """
    found = changes(registration, study, root)
    judged = list(registration["judged"])
    if verdicts is not None:
        name, words = verdicts
        earlier = next((entry for entry in judged if entry["records"] == name), None)
        if earlier is not None and earlier["verdicts"] != dict(words):
            found += _differences("verdicts", earlier["verdicts"], words)
            judged[judged.index(earlier)] = {**earlier, "verdicts": dict(words)}
    if not found:
        place = f"registration of {study.name}"
        raise InputError(place, "nothing that differs from it", "a change to be amended")
    entry = {
        "time": utc(),
        "commit": commit(),
        "what": what,
        "why": why,
        "seen": seen,
        "changes": found,
    }
    today = _content(study, root)
    return {
        **registration,
        **today,
        "digest": digest([study.name, today]),
        "amendments": [*registration["amendments"], entry],
        "judged": judged,
    }


def with_verdicts(registration: Registration, name: str, table: pd.DataFrame) -> Registration:
    """The registration with what was found on the records of this digest, to be held against.

    Where it stands already nothing changes; other verdicts than stand there are for an amendment.
    """
    if any(entry["records"] == name for entry in registration["judged"]):
        return registration
    entry = {"records": name, "time": utc(), "verdicts": verdict_words(table)}
    return {**registration, "judged": [*registration["judged"], entry]}


def verdict_words(table: pd.DataFrame) -> dict[str, str]:
    """By claim, its verdict and remark, of the result table `hypotheses`."""
    columns = table["hypothesis"], table["verdict"], table["remark"]
    return {
        name: f"{word} ({remark})" if remark else word
        for name, word, remark in zip(*columns, strict=True)
    }


def check(
    registration: Registration, study: Study, runs: pd.DataFrame, root: Path = Path()
) -> None:
    """Refuse to judge what is not as registered, and runs that began before it was."""
    place = path_of(study, root)
    allowed = f"what was registered, or `nagbench register {study.name} --amend`"
    if found := changes(registration, study, root):
        some = "; ".join(
            f"{one['place']} was {_short(one['before'])} and is {_short(one['after'])}"
            for one in found[:_SHOWN]
        )
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InputError(place, some + more, allowed)
    began = pd.to_datetime(runs["started"], utc=True, errors="coerce", format="ISO8601")
    if began.isna().any():
        row = runs[began.isna()].iloc[0]
        found_run = f"run {row['run']} began at {row['started']!r}"
        raise InputError(place, found_run, "a time in every row")
    early = runs[began < pd.Timestamp(registration["time"])]
    if len(early):
        row = early.iloc[0]
        found_run = f"{len(early)} runs began before it, such as {row['run']} at {row['started']}"
        raise InputError(place, found_run, f"runs begun after {registration['time']}")


def check_verdicts(
    registration: Registration, study: Study, name: str, table: pd.DataFrame, root: Path = Path()
) -> None:
    """Refuse verdicts that are others than were found before on the records of this digest."""
    words = verdict_words(table)
    for entry in registration["judged"]:
        if entry["records"] == name and entry["verdicts"] != words:
            turned = list(_differences("", entry["verdicts"], words))
            some = "; ".join(
                f"{one['place'][1:]} was {one['before']} and is {one['after']}"
                for one in turned[:_SHOWN]
            )
            found = f"verdicts on unchanged records turned: {some}"
            allowed = f"those of {entry['time']}, or `nagbench register {study.name} --amend`"
            raise InputError(path_of(study, root), found, allowed)


def judged(
    study: Study, folder: Path, *near: Path, names: Iterable[str] | None = None
) -> dict[str, pd.DataFrame]:
    """The result tables of a study's records, which must be complete, or held to a registration.

    Args:
        study: The study.
        folder: Of its records.
        near: Paths, beside it, above which the registration may be.
        names: Of the tables that are computed; all if None. `registration` is always there.
    """
    runs, curves = records.read_tables(folder)
    costs = step_costs.beside(folder)
    root = root_of(study.name, folder, *near)
    place = path_of(study, root)
    registration = read(place) if place.is_file() else None
    check_complete(units(study), runs, curves, partial=registration is not None)
    if registration is not None:
        check(registration, study, runs, root)
    tables = result_tables(study, runs, curves, costs, names)
    if registration is not None and "hypotheses" in tables:
        name = records.digest(runs, curves, costs)
        check_verdicts(registration, study, name, tables["hypotheses"], root)
    return {**tables, "registration": history(registration)}


def history(registration: Registration | None) -> pd.DataFrame:
    """What the paper says of it: a row for the registration and for each amendment, none without.

    Columns: `time` and `commit`; of an amendment `what`, `why` and `seen`; `changes`, their number.
    """
    columns = ("time", "commit", "what", "why", "seen", "changes")
    if registration is None:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in columns}).astype(
            {"changes": "int64"}
        )
    first = {"time": registration["time"], "commit": registration["commit"], "what": "registered"}
    rows = [{**first, "why": "", "seen": "", "changes": 0}]
    rows += [{**one, "changes": len(one["changes"])} for one in registration["amendments"]]
    return pd.DataFrame(rows, columns=list(columns))


def write(path: Path, registration: Registration) -> None:
    """Write a registration as JSON, with a seal over all that it says."""
    registration = {key: value for key, value in registration.items() if key != "seal"}
    registration["seal"] = digest(registration)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        text = json.dumps(registration, indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read(path: Path) -> Registration:
    """A registration as `write` left it; one that was changed by hand is refused."""
    allowed = "a file written by `nagbench register`"
    try:
        found: Registration = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    try:
        words = made(_Words, found)
        began = datetime.fromisoformat(words.time)
    except (TypeError, ValueError) as error:
        raise InputError(path, f"no registration ({error})", allowed) from None
    if words.version != VERSION or began.tzinfo is None:
        raise InputError(path, f"no registration of version {VERSION}", allowed)
    if found.pop("seal") != digest(found):
        raise InputError(path, "changed after it was written", allowed)
    return found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
