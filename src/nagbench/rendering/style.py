"""One look for every figure: sizes, fonts, and a colour and marker that belong to an optimizer."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.optimizers.catalogue import CATALOGUE

COLUMN = 3.28  # inches: the width of a column of the paper
_MARKERS = "osD^vP*Xp<>hd"  # 13: with 4 kinds of dashes, no pair recurs within 52
# Seaborn's colour-blind palette, reordered so that neighbours in the catalogue differ in grey too.
_COLOURS = [sns.color_palette("colorblind")[n] for n in (0, 1, 2, 3, 7, 4, 8, 5, 9, 6)]
_COLOURS[4] = (0.0, 0.0, 0.0)  # its grey is for what steps back
GREY = "0.72"  # of what steps back: other groups, differences that no test shows
# Computer Modern has other glyphs where these belong; its mathematics has them all.
_MISPLACED = str.maketrans({**{c: f"$\\{c}$" for c in "_{}"}, **{c: f"${c}$" for c in "<>|"}, "$": r"\$"})
_DASHES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2))]


@dataclass(frozen=True)
class Look:
    """How an optimizer is drawn, in every figure the same."""

    colour: tuple[float, float, float]
    marker: str
    dashes: Any

    def line(self) -> dict[str, Any]:
        """Keywords for a line with markers."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.dashes}


def looks(optimizers: Mapping[str, object] | list[str]) -> dict[str, Look]:
    """A look for each name: the catalogue's order decides, others follow in their own."""
    order = [*CATALOGUE, *(name for name in optimizers if name not in CATALOGUE)]
    return {
        name: Look(
            _COLOURS[order.index(name) % len(_COLOURS)],
            _MARKERS[order.index(name) % len(_MARKERS)],
            _DASHES[order.index(name) % len(_DASHES)],
        )
        for name in optimizers
    }


def plain(text: str) -> str:
    """`text` as matplotlib prints it literally."""
    return text.translate(_MISPLACED)


def words(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = plt.figure(figsize=(COLUMN, 0.5))
    figure.text(0.5, 0.5, plain(text), ha="center", va="center", wrap=True)
    return figure


def use() -> None:
    """Put the style in force."""
    mpl.use("agg")
    # It remarks on the date inside matplotlib's own font files at every embedding.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    plt.style.use(Path(__file__).with_name("nagbench.mplstyle"))


def save(figure: Figure, path: Path) -> None:
    """Write the figure; the same figure makes the same bytes."""
    silent = {
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        "png": {"Software": None},
    }[path.suffix.removeprefix(".")]
    figure.savefig(path, metadata=silent, dpi=200)
