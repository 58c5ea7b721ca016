"""One style for every figure: sizes, fonts, formats of files."""

import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.textpath import text_to_path

from nagbench.errors import InputError
from nagbench.rendering.looks import Look as Look
from nagbench.rendering.looks import colour as colour
from nagbench.rendering.looks import looks as looks

COLUMN = 3.28  # inches: the width of a column of the paper
WIDTHS = {"single": COLUMN, "double": 2 * COLUMN}  # of a column, and of two
FONT_SIZE = 8.0  # points
Style = str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]]
# By ending, what leaves out of a file what differs each time that it is written.
FORMATS: Mapping[str, dict[str, Any]] = {
    ".pdf": {"metadata": {"CreationDate": None, "Producer": None, "Creator": None}},
    ".png": {"metadata": {"Software": None}},
    ".svg": {"metadata": {"Date": None, "Creator": None}},
    ".pgf": {},
}
GREY = "0.72"  # of what steps back: other groups, differences that no test shows
# Computer Modern has other glyphs where these belong; its mathematics has them all.
_MISPLACED = str.maketrans(
    {**{c: f"$\\{c}$" for c in "_{}"}, **{c: f"${c}$" for c in "<>|"}, "$": r"\$"}
)


def plain(text: str) -> str:
    """`text` as matplotlib prints it literally."""
    return text.translate(_MISPLACED)


def points(size: str | float) -> float:
    """A size of text as matplotlib's styles give it: in points, or in words beside `font.size`."""
    return float(FontProperties(size=size).get_size_in_points())


def inches(text: str, size: float) -> float:
    """How wide a line of text is."""
    font = FontProperties(family=mpl.rcParams["font.family"], size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def wrapped(text: str, width: float, size: float) -> list[str]:
    """`text` in lines that are at most so many inches wide, if their words are."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if inches(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def words(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = bare(COLUMN, 0.5)
    figure.text(0.5, 0.5, plain(text), ha="center", va="center", wrap=True)
    return figure


def bare(width: float, height: float) -> Figure:
    """A figure of these inches in which every place is given."""
    # No engine at all would be taken, at the second saving, for the style's own.
    return plt.figure(figsize=(width, height), layout=PlaceHolderLayoutEngine(True, True))


def use(font_size: float = FONT_SIZE) -> None:
    """Put the style in force, its text of so many points, for figures that go into files."""
    mpl.use("agg")
    put(font_size)


def put(font_size: float | None = None, over: Style = ()) -> None:
    """Put the style in force, and over it another one of matplotlib's, then the size of the text,
    in points, if it is given."""
    # It remarks on the date inside matplotlib's own font files at every embedding.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    plt.style.use(Path(__file__).with_name("nagbench.mplstyle"))
    try:
        plt.style.use(over)  # type: ignore[arg-type]
    except (KeyError, OSError, TypeError, ValueError) as error:
        found = " ".join(str(error.args[0] if error.args else error).split())
        allowed = f"settings of matplotlibrc, a file of them, or {', '.join(plt.style.available)}"
        raise InputError("style", found, allowed) from None
    if font_size is not None:
        mpl.rc("font", size=font_size)
        mpl.rc("axes", titlesize=font_size, labelsize=font_size)
        mpl.rc("figure", titlesize=font_size, labelsize=font_size)
        mpl.rc("legend", fontsize=font_size - 1)
        mpl.rc("xtick", labelsize=font_size - 1)
        mpl.rc("ytick", labelsize=font_size - 1)
    mpl.rc("figure.constrained_layout", use=True)  # by which all figures are laid out
    mpl.rc("svg", hashsalt="nagbench")  # else names within a file are drawn by lot
    mpl.rc("pgf", texsystem="pdflatex", rcfonts=False)  # fonts are those of whoever includes it


class Drawing(Figure):
    """A figure that is saved in the style in which it was drawn, whatever is in force then.

    So fonts are embedded as TrueType, which submission systems ask for.
    """

    parameters: dict[Any, Any]

    @classmethod
    def of(cls, figure: Figure) -> "Drawing":
        """The same figure, with the style that is in force."""
        figure.__class__ = cls
        assert isinstance(figure, cls)
        parts = ("axes", "font", "mathtext", "pdf", "pgf", "ps", "savefig", "svg", "text")
        kept = (
            name for name in mpl.rcParams if name.partition(".")[0] in (*parts, "xtick", "ytick")
        )
        figure.parameters = {name: mpl.rcParams[name] for name in kept}
        return figure

    def savefig(self, *arguments: Any, **options: Any) -> None:
        with mpl.rc_context(self.parameters):
            super().savefig(*arguments, **options)


def save(figure: Figure, path: Path) -> None:
    """Write the figure; the same figure makes the same bytes."""
    kind = FORMATS[path.suffix]
    if path.suffix == ".pgf":  # which is text, with images beside it
        figure.savefig(path, dpi=200, **kind)
        return
    # Drawn first: on a full disk matplotlib would stop with an error of its own.
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=200, format=path.suffix[1:], **kind)
    path.write_bytes(drawn.getvalue())
