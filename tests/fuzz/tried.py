"""The table of what damaged input did, in docs/reference/faults.md, which `make fuzz` writes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limits import Tally

PLACE = Path("docs/reference/faults.md")
_TABLE = re.compile(r"(?<=<!-- fuzz: begin -->\n).*?(?=<!-- fuzz: end -->)", re.DOTALL)
_ROW = re.compile(r"\| (?P<kind>[^|]+) \| (?P<cases>[\d,]+) \|.*\n")
_HEAD = """\
| input | cases | refused | failed | ms a case |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Tried:
    """A test of one kind of input: what its cases did, if one failed, and the seconds of all."""

    tally: Tally
    failed: bool
    seconds: float

    def row(self, kind: str) -> str:
        cases, failed = self.tally.cases, "yes" if self.failed else "none"
        each = 1000 * self.seconds / max(cases, 1)
        return f"| {kind} | {cases:,} | {self.tally.refused:,} | {failed} | {each:.1f} |\n"


def renewed(text: str, tried: Mapping[str, Tried]) -> str:
    """The page with its table renewed: a kind's row stands until as many cases were tried, or one
    failed."""
    found = _TABLE.search(text)
    assert found is not None
    rows = {row["kind"]: row for row in _ROW.finditer(found[0])}
    made = {kind: row[0] for kind, row in rows.items()}
    for kind, one in tried.items():
        before = int(rows[kind]["cases"].replace(",", "")) if kind in rows else 0
        if one.failed or one.tally.cases >= before:
            made[kind] = one.row(kind)
    table = _HEAD + "".join(made[kind] for kind in sorted(made, key=str.casefold))
    return text[: found.start()] + table + text[found.end() :]
