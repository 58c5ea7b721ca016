"""Attestations: edits of the code that were shown to leave every number as it was.

A record names the digest of the code that made it. When an edit changes the digest and no result,
training a sample of the recorded runs again, bit-equal, lets the records stand.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.records import seal
from nagbench.runner.provenance import utc

if TYPE_CHECKING:
    from nagbench.runner.verify import Finding

NAME = "attestations.json"


@dataclass(frozen=True)
class Attestation:
    """One edit, for one workload and optimizer.

    Attributes:
        workload, optimizer: Whose records it is about.
        old: The digest of code in the records.
        new: The digest of the code that trained a run of them again, bit-equal.
        run: That run.
        device, torch: Where and with what.
        time: When, in UTC.
    """

    workload: str
    optimizer: str
    old: str
    new: str
    run: str
    device: str
    torch: str
    time: str


def codes(runs: pd.DataFrame) -> pd.Series:
    """The digest of code that each record names."""
    return runs["provenance"].map(lambda text: str(json.loads(text).get("code")))


def to_attest(runs: pd.DataFrame, current: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """The runs to train again: the cheapest of each workload, optimizer and older code.

    Args:
        runs: All records of a study.
        current: The digest of today's code by workload and optimizer.
    """
    named = runs.assign(code=codes(runs), cost=runs["train_seconds"] + runs["evaluation_seconds"])
    keys = zip(named["workload"], named["optimizer"], named["code"], strict=True)
    stale = named[[current.get((workload, name)) != code for workload, name, code in keys]]
    cheapest = stale.sort_values(["cost", "run"]).groupby(["workload", "optimizer", "code"])
    return cheapest.head(1).sort_values(["workload", "optimizer"]).drop(columns=["code", "cost"])


def attest(rows: Iterable[Mapping[str, Any]], found: "Iterable[Finding]") -> Iterator[Attestation]:
    """An attestation for each run trained again; an `InputError` at the first that differs."""
    for row, finding in zip(rows, found, strict=True):
        recorded, here = finding.provenances
        if not finding.equal:
            raise InputError(
                finding.name,
                f"trained again it differs: the edit from {recorded['code']} changes results",
                "an edit that changes none, or records trained anew",
            )
        yield Attestation(
            workload=row["workload"],
            optimizer=row["optimizer"],
            old=recorded["code"],
            new=here["code"],
            run=row["run"],
            device=here["device"],
            torch=here["torch"],
            time=utc(),
        )


def read(folder: Path) -> list[Attestation]:
    """Those that lie beside records; none where there is no file."""
    path = folder / NAME
    if not path.is_file():
        return []
    allowed = "a file written by `nagbench verify --attest`"
    try:
        found = [Attestation(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    if not all(isinstance(word, str) for entry in found for word in asdict(entry).values()):
        raise InputError(path, "entries that are no text", allowed)
    return found


def write(folder: Path, attestations: Iterable[Attestation]) -> None:
    """Write attestations beside records, each once, in a fixed order, and seal the folder again."""
    unique = sorted({tuple(sorted(asdict(entry).items())) for entry in attestations})
    with atomic_path(folder / NAME) as path:
        path.write_text(json.dumps([dict(entry) for entry in unique], indent=1) + "\n")
    seal(folder)


def equal_codes(attestations: Iterable[Attestation]) -> Callable[[str, str, str], str]:
    """What gives, of a workload, an optimizer and a code, one name for all that were shown to be
    its equals."""
    equal: dict[tuple[str, str, str], str] = {}

    def root(workload: str, optimizer: str, code: str) -> str:
        while (code_before := equal.get((workload, optimizer, code), code)) != code:
            code = code_before
        return code

    for entry in attestations:
        one = root(entry.workload, entry.optimizer, entry.old)
        other = root(entry.workload, entry.optimizer, entry.new)
        equal[entry.workload, entry.optimizer, max(one, other)] = min(one, other)
    return root


def check_codes(runs: pd.DataFrame, attestations: Iterable[Attestation], place: object) -> None:
    """Refuse records of a workload and optimizer that were made by codes not shown to be equal."""
    root = equal_codes(attestations)
    named = runs.assign(code=codes(runs))
    for (workload, optimizer), group in named.groupby(["workload", "optimizer"]):
        if len({root(workload, optimizer, code) for code in set(group["code"])}) > 1:
            found = (
                f"{workload}/{optimizer} trained by codes {', '.join(sorted(set(group['code'])))}"
            )
            allowed = (
                "records of one code, or `nagbench verify --attest` for an edit that changed none"
            )
            raise InputError(place, found, allowed)
