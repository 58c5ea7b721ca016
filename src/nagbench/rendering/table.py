"""A table of text, and its three forms: LaTeX for the paper, CSV and Markdown for other uses."""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nagbench.rendering.latex import escape
from nagbench.rendering.lookup import Tables, labels_of

_NUMBER = re.compile(r"\+?\d+(\.\d+)?")


@dataclass(frozen=True)
class Cell:
    """A value as text; marked cells are set bold, formulas in LaTeX's own words."""

    text: str
    marked: bool = False
    formula: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; `columns` is LaTeX's word for their alignment."""

    header: Sequence[str]
    columns: str
    rows: Sequence[Sequence[Cell]]

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
            return f"\\bfseries {text}" if value.marked else text

        head = " & ".join(f"{{{escape(name)}}}" for name in self.header)
        body = "".join(" & ".join(map(cell, row)) + r" \\" + "\n" for row in self.rows)
        return (
            "% needs \\usepackage{booktabs, siunitx}\n"
            f"\\begin{{tabular}}{{{self.columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
            f"{body}\\bottomrule\n\\end{{tabular}}\n"
        )

    def csv(self) -> str:
        """Plain values, one more column a mark would need is left out."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([cell.text for cell in row] for row in self.rows)
        return text.getvalue()

    def markdown(self) -> str:
        """A pipe table; marked cells are bold."""

        def line(texts: Sequence[str]) -> str:
            return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |\n"

        rows = [
            line([f"**{cell.text}**" if cell.marked else cell.text for cell in row])
            for row in self.rows
        ]
        return line(self.header) + line(["---"] * len(self.header)) + "".join(rows)


class PerWorkload:
    """The rows of a table that begin with an optimizer, and with its workload if there are
    several."""

    def __init__(self, tables: Tables) -> None:
        self._labels = labels_of(tables)
        self._several = len(tables["workloads"]) > 1
        baseline = str(tables["study"]["baseline"].iloc[0])
        self.baseline = self._labels.get(baseline, baseline)  # in an excerpt without it

    def cells(self, workload: str, optimizer: str) -> list[Cell]:
        first = [Cell(self._labels[workload])] if self._several else []
        return [*first, Cell(self._labels[optimizer])]

    def table(
        self, name: str, header: Sequence[str], columns: str, rows: Sequence[Sequence[Cell]]
    ) -> Table:
        first = ["Workload"] if self._several else []
        return Table([*first, name, *header], len(first) * "l" + "l" + columns, rows)


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
