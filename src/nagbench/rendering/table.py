"""A table of text, and its three forms: LaTeX for the paper, CSV and Markdown for other uses."""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nagbench.rendering.latex import escape
from nagbench.rendering.lookup import Tables, labels_of
from nagbench.rendering.prose import in_markdown

_NUMBER = re.compile(r"\+?\d+(\.\d+)?")


@dataclass(frozen=True)
class Cell:
    """A value as text, bold where it is marked, or a formula in LaTeX's own words; a note stands
    behind it and is never bold."""

    text: str
    marked: bool = False
    formula: bool = False
    note: str = ""

    @property
    def whole(self) -> str:
        return f"{self.text} {self.note}" if self.note else self.text


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; `columns` is LaTeX's word for their alignment.

    Rows of one of several workloads are a block under its name. CSV and Markdown have a column of
    it in place of that.
    """

    header: Sequence[str]
    columns: str
    rows: Sequence[Sequence[Cell]]
    blocks: Sequence[str] = ()  # of each row; none if there are no blocks
    groups: Sequence[int] = ()  # of each row; LaTeX sorts a block by them, with rules between

    @property
    def formats(self) -> dict[str, Callable[[], str]]:
        return {".tex": self.tex, ".csv": self.csv, ".md": self.markdown}

    def tex(self) -> str:
        """booktabs, with numbers aligned by siunitx; a comment says so."""

        def cell(value: Cell) -> str:
            if value.formula:
                return f"\\({value.text}\\)"
            # A column of numbers takes anything else in braces.
            text = value.text if _NUMBER.fullmatch(value.text) else f"{{{_minus(value.text)}}}"
            marked = f"\\bfseries {text}" if value.marked else text
            return f"{{{marked}}} {_minus(value.note)}" if value.note else marked

        head = " & ".join(f"{{{escape(name)}}}" for name in self.header)
        lines: list[str] = []
        block, group, count = "", 0, len(self.rows)
        blocks, groups = self.blocks or [""] * count, self.groups or [0] * count
        first = {name: place for place, name in reversed([*enumerate(blocks)])}
        parts = zip(self.rows, blocks, groups, strict=True)
        for row, own, its in sorted(parts, key=lambda part: (first[part[1]], part[2])):
            if lines and own == block and its != group:
                lines.append(f"\\cmidrule[0.2pt]{{1-{len(self.header)}}}\n")
            group = its
            if own != block:
                space = "\\addlinespace\n" * bool(block)
                name = f"\\multicolumn{{{len(self.header)}}}{{l}}{{\\itshape {escape(own)}}}"
                lines.append(f"{space}{name} \\\\\n")
                block = own
            lines.append(" & ".join(map(cell, row)) + r" \\" + "\n")
        body = "".join(lines)
        return (
            "% needs \\usepackage{booktabs, siunitx}\n"
            f"\\begin{{tabular}}{{{self.columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
            f"{body}\\bottomrule\n\\end{{tabular}}\n"
        )

    def csv(self) -> str:
        """Plain values, one more column a mark would need is left out."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        header, rows = self.flat
        writer.writerow(header)
        writer.writerows([cell.whole for cell in row] for row in rows)
        return text.getvalue()

    def markdown(self) -> str:
        """A pipe table; marked cells are bold."""

        def line(texts: Sequence[str]) -> str:
            return "| " + " | ".join(map(in_markdown, texts)) + " |\n"

        def cell(value: Cell) -> str:
            return replace(value, text=f"**{value.text}**" if value.marked else value.text).whole

        rows = [line([cell(value) for value in row]) for row in self.flat[1]]
        header = self.flat[0]
        return line(header) + line(["---"] * len(header)) + "".join(rows)

    @property
    def flat(self) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
        """Header and rows with the blocks as a column."""
        if not self.blocks:
            return self.header, self.rows
        named = zip(self.blocks, self.rows, strict=True)
        return ["Workload", *self.header], [[Cell(name), *row] for name, row in named]


_GROUPS = {"Nesterov": 1, "as printed": 2}  # by family; rivals are 0


class PerWorkload:
    """The rows of a table that begin with an optimizer, in blocks if there are several workloads.

    `add` takes the cells after the optimizer's. In print rivals come first, then Nesterov's method
    and its kin, then what is tested as printed; an excerpt keeps the order that it was asked for.
    """

    def __init__(self, tables: Tables) -> None:
        self._labels = labels_of(tables)
        self._several = len(tables["workloads"]) > 1
        frame = tables["optimizers"]
        self._families = dict(zip(frame["optimizer"], frame["family"], strict=True))
        self._whole = len(frame) == tables["study"]["optimizers"].iloc[0]
        self._blocks: list[str] = []
        self._groups: list[int] = []
        self._rows: list[list[Cell]] = []
        baseline = str(tables["study"]["baseline"].iloc[0])
        self.baseline = self._labels.get(baseline, baseline)  # in an excerpt without it

    def add(self, workload: str, optimizer: str, *cells: Cell) -> None:
        self._blocks.append(self._labels[workload])
        self._groups.append(_GROUPS.get(self._families[optimizer], 0) if self._whole else 0)
        self._rows.append([Cell(self._labels[optimizer]), *cells])

    def table(self, name: str, header: Sequence[str], columns: str) -> Table:
        blocks = self._blocks if self._several else []
        return Table([name, *header], f"l{columns}", self._rows, blocks, self._groups)


def p_value(p: float) -> str:
    """A p as papers print it."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _minus(text: str) -> str:
    """Escaped, with the hyphens before numbers as minus signs."""
    return re.sub(r"(?<!\w)-(?=\d)", lambda _: r"\(-\)", escape(text))


def interval(low: float, high: float, form: str = ".1f") -> str:
    return "–" if math.isnan(low) else f"[{low:{form}}, {high:{form}}]"


def number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def time(value: float) -> str:
    return "–" if math.isinf(value) else f"{value:.1f}"
