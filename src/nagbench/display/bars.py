"""Progress as bars: a table of at most eighty columns that `rich` draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nagbench.display.lines import WIDTH, left_of_all
from nagbench.display.study import StudyState, UnitState
from nagbench.display.words import clock, count, cut

SHOWN = 8  # units under way
_NAME, _BAR = 27, 8  # columns: the least
_TIME = "~0:00:00"  # as wide as the columns are from the start


@dataclass(frozen=True)
class Bar:
    """A row: what, how far it is of how much, the same in words, and more cells of text."""

    name: str
    done: int
    total: int
    counted: str = ""
    rate: str = ""
    elapsed: str = ""
    left: str = ""
    head: bool = False


def study_bars(state: StudyState) -> list[Bar]:
    """The study, and each unit under way."""
    now = state.clock()
    done, total = state.epochs()
    ended, units = state.counts()
    running = state.running()
    first = Bar(
        f"{state.name}: {ended} of {count(units, 'unit')}",
        done,
        total,
        f"{done}/{total}",
        _rate(state.all_images_a_second()),
        clock(now - state.began),
        left_of_all(state),
        head=True,
    )
    bars = [first] if units > 1 else []
    bars += [_unit_bar(state, unit, now) for unit in running[:SHOWN]]
    if more := running[SHOWN:]:
        done, total = sum(unit.done for unit in more), sum(unit.epochs for unit in more)
        bars.append(Bar(f"and {len(more)} more", done, total, f"{done}/{total}"))
    return bars


def _unit_bar(state: StudyState, unit: UnitState, now: float) -> Bar:
    left = state.left(unit)
    return Bar(
        unit.name,
        unit.done,
        unit.epochs,
        f"{unit.done}/{unit.epochs}",
        _rate(state.images_a_second(unit)),
        clock(now - (unit.began if unit.began is not None else now)),
        "" if left is None else f"~{clock(left)}",
    )


def picture(bars: Sequence[Bar], width: int, more: str = "") -> Group:
    """The bars under each other, no wider than `width`, nor than 80; below them a line of text.

    That line is there even if it is empty: a terminal shows there the keys that one types.
    """
    width = min(width, WIDTH)
    cells = {
        "epochs": [bar.counted for bar in bars],
        "images/s": [bar.rate for bar in bars],
        "elapsed": [bar.elapsed for bar in bars],
        "left": [bar.left for bar in bars],
    }
    widths = {name: max(map(len, [name, _TIME, *column])) for name, column in cells.items()}
    for name in ("images/s", "elapsed", "epochs"):  # what a narrow terminal can do without
        if _room(widths, width) < _NAME + _BAR:
            del widths[name]
    names = min(max([_NAME, *(len(bar.name) for bar in bars)]), _room(widths, width) - _BAR)
    drawn = max(_room(widths, width) - names, 0)
    grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_column(width=max(names, 1), no_wrap=True, overflow="ellipsis")
    grid.add_column(width=drawn)
    for name in widths:
        grid.add_column(width=widths[name], justify="right", no_wrap=True, overflow="ellipsis")
    if any(cells["epochs"]):
        grid.add_row("", "", *widths, style="dim")
    for n, bar in enumerate(bars):
        style = "cyan" if bar.head else "green"
        grid.add_row(
            Text(bar.name, style="bold" if bar.head else ""),
            ProgressBar(
                total=max(bar.total, 1),
                completed=bar.done,
                width=drawn,
                complete_style=style,
                finished_style=style,
            ),
            *(cells[name][n] for name in widths),
        )
    return Group(grid, Text(cut(more, width - 10), style="dim"))


def _room(widths: Mapping[str, int], width: int) -> int:
    """Columns for the name and the bar, beside those for text; one lies between any two."""
    return width - sum(widths.values()) - len(widths) - 1


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:,.0f}"
