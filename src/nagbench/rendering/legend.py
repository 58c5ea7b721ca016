"""One legend under a figure, with every optimizer's colour, marker and name."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nagbench.rendering.style import looks


def legend_below(figure: Figure, optimizers: pd.DataFrame, columns: int | None = None) -> None:
    """The study's optimizers in their order."""
    style = looks(list(optimizers["optimizer"]))
    handles = [
        Line2D([], [], **style[row.optimizer].line(), label=row.label)
        for row in optimizers.itertuples()
    ]
    wide = figure.get_figwidth() > 5
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=columns or min(len(handles), 6 if wide else 3),
        columnspacing=1.2,
    )
