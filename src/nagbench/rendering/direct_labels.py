"""Direct labels: each line's name at its end, moved apart where lines end together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Annotation
from matplotlib.transforms import Affine2D, Transform
from scipy.optimize import isotonic_regression

from nagbench.rendering.looks import Look
from nagbench.rendering.style import plain, points, wrapped

_WIDTH = 1.1  # inches of a label's lines
_LINE = 1.08  # height of a line, in sizes of the font
_AWAY = 9.0  # points from the axes


@dataclass(frozen=True)
class End:
    """Where a line ends, in the units of its axes, and what it is called."""

    x: float
    y: float
    label: str
    look: Look


def label_ends(axis: Axes, ends: Sequence[End]) -> list[Annotation]:
    """Write the names to the right of the axes, each joined to its line's end.

    Places are found anew at each drawing, from the axes' size and limits then.
    """
    size = points(rcParams["legend.fontsize"])
    texts = [wrapped(plain(end.label), _WIDTH, size) for end in ends]
    heights = np.array([_LINE * size * len(lines) for lines in texts])
    return [
        axis.annotate(
            "\n".join(lines),
            (end.x, end.y),
            (0, 0),
            textcoords=partial(_place, axis, np.array([[e.x, e.y] for e in ends]), heights, n),
            annotation_clip=False,
            size=size,
            color=end.look.ink,
            va="center",
            linespacing=0.95,
            arrowprops={
                "arrowstyle": "-", "color": end.look.colour, "linewidth": 0.5,
                "shrinkA": 1, "shrinkB": 2, "relpos": (0, 0.5),
            },
        )
        for n, (end, lines) in enumerate(zip(ends, texts, strict=True))
    ]  # fmt: skip


def _place(axis: Axes, ends: np.ndarray, heights: np.ndarray, n: int, _: RendererBase) -> Transform:
    """Where the label `n` begins, in dots."""
    figure = axis.get_figure(root=True)
    assert figure is not None
    box, dot = axis.get_window_extent(), figure.dpi / 72
    wanted = np.clip(axis.transData.transform(ends)[:, 1], box.y0, box.y1)
    y = spread(wanted, dot * heights, box.y0, box.y1)[n]
    return Affine2D().translate(box.x1 + dot * _AWAY, y)


def spread(wanted: np.ndarray, heights: np.ndarray, low: float, high: float) -> np.ndarray:
    """The centres of labels of these `heights` that do not overlap, as near to the `wanted` ones as
    least squares can have them, all between `low` and `high` if they have room there. Of equal
    ones the first lies on top."""
    order = np.lexsort((-np.arange(len(wanted)), wanted))
    tall = heights[order]
    above = np.concatenate([[0.0], np.cumsum((tall[1:] + tall[:-1]) / 2)])
    first, last = low + tall[0] / 2, high - tall[-1] / 2 - above[-1]
    settled = isotonic_regression(wanted[order] - above).x
    found = np.empty(len(wanted))
    found[order] = np.clip(settled, first, max(first, last)) + above
    return found
