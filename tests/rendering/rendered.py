"""Figures of result tables, for tests."""

import importlib
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering import style

Tables = dict[str, pd.DataFrame]


def render(name: str, tables: Mapping[str, pd.DataFrame]) -> Figure:
    style.use()
    return importlib.import_module(f"nagbench.rendering.figures.{name}").render(tables)
