"""What the study claimed before its runs, and what became of it."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nagbench.rendering.style import COLUMN, bare, plain, words, wrapped
from nagbench.rendering.tables.claims import effect, in_print, word
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
)

TABLES = ("hypotheses",)
# Of the cell and of its word; they differ in grey too.
COLOURS = {
    SUPPORTED: ("#0173b2", "white"),
    NO_DIFFERENCE: ("#b8d4e8", "black"),
    OPEN: ("#efefef", "black"),
    NOT_TESTABLE: ("#ffffff", "0.35"),
    CONTRADICTED: ("#f0b04c", "black"),
}
_LINE = 0.145  # inches
_CLAIM, _VERDICT, _EFFECT, _END = 0.9, 3.9, 5.0, 2 * COLUMN  # inches from the left


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One row a hypothesis, coloured by its verdict, with its effect; a line parts the sources."""
    hypotheses = tables["hypotheses"]
    if hypotheses.empty:
        return words("The study states no hypotheses.")
    claims = [
        wrapped(claim[:1].upper() + claim[1:], _VERDICT - _CLAIM - 0.12, 7)
        for claim in hypotheses["claim"]
    ]
    lines = sum(map(len, claims))
    figure = bare(_END, _LINE * (lines + 1.4))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, _END), ylim=(lines + 0.2, -1.2))
    axis.axis("off")
    for x, title in ((0, "Id"), (_CLAIM, "Claim"), (_VERDICT, "Verdict"), (_EFFECT, "Effect")):
        axis.text(x + 0.04, -0.6, title, size=7, va="center")
    top, source = 0.0, None
    for row, claim in zip(hypotheses.itertuples(), claims, strict=True):
        if row.source != source:
            axis.plot([0, _END], [top, top], color="black", linewidth=0.5)
            source = row.source
        fill, ink = COLOURS[row.verdict]
        bottom, centre = top + len(claim), top + len(claim) / 2
        axis.add_patch(
            Rectangle(
                (_VERDICT, top),
                _EFFECT - _VERDICT,
                len(claim),
                edgecolor="white",
                facecolor=fill,
                linewidth=1,
                gid=row.hypothesis,
            )
        )
        middle = (_VERDICT + _EFFECT) / 2
        axis.text(middle, centre, word(row), color=ink, size=7, ha="center", va="center_baseline")
        for x, text in (
            (0, plain(row.hypothesis.replace("_", " "))),
            (_CLAIM, plain("\n".join(claim))),
            (_EFFECT, in_units(row)),
        ):
            axis.text(x + 0.04, centre, text, size=7, va="center_baseline", linespacing=1.1)
        top = bottom
    axis.plot([0, _END], [top, top], color="black", linewidth=0.5)
    return figure


def in_units(row: Any) -> str:
    """Effect and interval as the tables have them; empty where no mean is defined."""
    if math.isnan(row.effect):
        return ""
    return f"{effect(row)} {in_print(row)}".replace("-", "$-$")
