"""`nagbench.draw`: a figure of a study, for a paper of one's own."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from nagbench.api.loading import records_of
from nagbench.errors import InputError
from nagbench.parquet import read_frame
from nagbench.registration import judged
from nagbench.rendering.excerpt import Excerpt
from nagbench.rendering.figure_files import check, drawn
from nagbench.rendering.lookup import Tables
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.style import Style
from nagbench.study.file import load_study, study_path

_COMMITTED = Path("paper/records/validation")
_ALWAYS = ("study", "workloads", "optimizers")  # by which others are picked and named
_ARGUMENTS = {"--label": "labels"}


def draw(
    name: str,
    *,
    study: str | Path,
    statistics: str | Path | None = None,
    records: str | Path | None = None,
    optimizers: str | Sequence[str] = (),
    workloads: str | Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    width: str | float | None = None,
    font_size: float | None = None,
    style: Style = (),
) -> Figure:
    """Draw a figure of a study, as `nagbench figure` does.

    Nothing is computed anew for an excerpt: intervals, corrections and ranks are those of the whole
    study, and an optimizer keeps its colour and marker in every figure. What matplotlib has in
    force is left alone. The figure is closed for pyplot: a notebook shows it where it is a cell's
    value, and `figure.savefig("f.pdf")` saves it in the style in which it was drawn, with fonts
    embedded as TrueType.

    Args:
        name: Which, as `nagbench figure` lists them: `learning_curves`, `claims`, …
        study: The name of a shipped study, or the path of a file.
        statistics: A folder of result tables. By default `results/STUDY/statistics`, which the
            workflow makes; where there is none, they are computed from the records.
        records: From which to compute them, as `nagbench.load` takes it; in place of `statistics`.
        optimizers: These alone, in this order; all if empty.
        workloads: These alone, in this order; all if empty.
        labels: What optimizers and workloads are called, by name, in place of the study's labels.
        width: `single` or `double`, for one column of a paper (3.28 inches) or two, or inches; by
            default the figure's own. What is wider is higher too.
        font_size: Of the text, in points (8 if neither this nor `style` says otherwise); numbers on
            axes and legends are a point smaller.
        style: A style of matplotlib's over the project's: a name, a file, a mapping of settings of
            matplotlibrc, or several of these.

    Returns:
        The figure, laid out. Its axes can be changed further.

    Raises:
        nagbench.errors.InputError: There is no such figure, optimizer, … or nothing to draw it of.
    """
    with _as_arguments():
        check(name, width, font_size)
        for called, text in (labels or {}).items():
            if not isinstance(text, str):
                raise InputError(f"labels of {called}", f"found {text!r}", "a text")
        tables = _tables(name, study, statistics, records)
        excerpt = Excerpt(tables, _names(optimizers), _names(workloads), labels)
        return drawn(name, excerpt, width, font_size, style)


def _tables(
    name: str, study: str | Path, statistics: str | Path | None, records: str | Path | None
) -> Tables:
    """The result tables that a figure needs: those that are there, or computed now."""
    file = study_path(str(study))
    made = Path("results", file.stem, "statistics")
    if statistics is not None or (records is None and made.is_dir()):
        return ResultTables(Path(statistics or made))
    loaded = load_study(str(study))
    folder, _, _ = records_of(loaded, records)
    module = importlib.import_module(f"nagbench.rendering.figures.{name}")
    needed = dict.fromkeys([*_ALWAYS, *module.TABLES])
    tables: dict[str, pd.DataFrame] = judged(loaded, folder, file, names=needed)
    others = {one: read_frame(_COMMITTED / f"{one}.parquet") for one in needed if one not in tables}
    return {**tables, **others}


def _names(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names


@contextmanager
def _as_arguments() -> Iterator[None]:
    """Errors that name an option of the command name the argument."""
    try:
        yield
    except InputError as error:
        if not error.place.startswith("--"):
            raise
        place = error.place.removeprefix("--").replace("-", "_")
        raise InputError(_ARGUMENTS.get(error.place, place), error.found, error.allowed) from None
