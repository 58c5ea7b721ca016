"""The card as one printed page."""

from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.comparing import words
from nagbench.comparing.comparison import Comparison
from nagbench.comparing.figure import draw
from nagbench.files import atomic_path
from nagbench.rendering import style
from nagbench.rendering.style import inches, plain, wrapped
from nagbench.version import __version__

_WIDTH, _HEIGHT, _MARGIN = 8.27, 11.69, 0.7  # inches: A4
_TEXT = _WIDTH - 2 * _MARGIN
_SIZE, _SMALL = 9.0, 7.5  # points
_FIGURE = 2.3  # inches
_GAP = 0.16  # inches between columns


def write_sheet(found: Comparison, command: str, path: Path) -> None:
    """Write the page as PDF; `command` is what made it."""
    style.use()
    sheet = _Sheet()
    sheet.text(words.title(found), 15)
    sheet.text(words.facts(found), _SIZE, colour="0.35")
    sheet.skip(0.08)
    for verdict, said in words.answers(found):
        sheet.text(f"{verdict}: {said}", 10)
        sheet.skip(0.04)
    sheet.draw(found)
    sheet.text(words.can_show(found), _SIZE)
    # What is below the leaderboard has its place first: the board is cut where the page ends.
    below = [words.places(found), words.tuning(found)]
    shifts = words.shifts(found)
    needed = sum(sheet.lines(line, _SIZE) for line in shifts) * _SIZE * 1.3 / 72
    needed += sum(len(rows) for rows in below) * _SMALL * 1.45 / 72 + 1.9
    sheet.heading("Leaderboard")
    sheet.table(words.board(found), needed)
    sheet.heading("Here and in the committed records")
    for line in shifts:
        sheet.text(line, _SIZE)
    sheet.skip(0.06)
    sheet.table(below[0])
    sheet.heading("Settings")
    sheet.table(below[1])
    sheet.skip(0.1)
    sheet.text(f"Made by NAG-Bench {__version__}: {command}", _SMALL, colour="0.35")
    with atomic_path(path) as temporary:
        style.save(sheet.figure, temporary)
    plt.close(sheet.figure)


class _Sheet:
    """A page that is filled from above; places are in inches from its upper left corner."""

    def __init__(self) -> None:
        self.figure: Figure = style.bare(_WIDTH, _HEIGHT)
        self._at = _MARGIN

    def skip(self, height: float) -> None:
        self._at += height

    def lines(self, text: str, size: float) -> int:
        return len(wrapped(text, _TEXT, size))

    def text(self, text: str, size: float, colour: str = "black") -> None:
        """A paragraph."""
        for line in wrapped(text, _TEXT, size):
            self._at += size * 1.3 / 72
            self._put(line, _MARGIN, size, colour)

    def heading(self, text: str) -> None:
        self.skip(0.12)
        self.text(text, 10.5)
        self.skip(0.03)

    def table(self, rows: words.Rows, below: float = 0.0) -> None:
        """Rows under a header, cut off, and said so, where `below` inches must be left."""
        line = _SMALL * 1.45 / 72
        room = int((_HEIGHT - _MARGIN - self._at - below) / line) - 1
        if len(rows) > max(room, 2):
            left = len(rows) - max(room, 2)
            rows = [*rows[: max(room, 2)], [f"and {left} more, in the page of HTML"]]
        widths = [
            max(inches(row[n], _SMALL) for row in rows if n < len(row)) + _GAP
            for n in range(len(rows[0]))
        ]
        # Too wide a table shrinks its widest column, whose cells are cut.
        while sum(widths) > _TEXT + _GAP:
            widest = widths.index(max(widths))
            widths[widest] -= sum(widths) - _TEXT - _GAP if max(widths) > 1.2 else 0.0
            if max(widths) <= 1.2:
                break
        for n, row in enumerate(rows):
            self._at += line
            place = _MARGIN
            for cell, width in zip(row, widths, strict=False):
                fitting = cell if len(row) == 1 else _cut(cell, width - 0.5 * _GAP)
                self._put(fitting, place, _SMALL, "0.35" if n == 0 else "black")
                place += width

    def draw(self, found: Comparison) -> None:
        """The figure, over the whole width."""
        self.skip(0.35)
        each = (_TEXT - 1.0) / 3
        axes = []
        for n in range(3):
            left = _MARGIN + 0.3 + n * (each + 0.35)
            box = (
                left / _WIDTH,
                1 - (self._at + _FIGURE) / _HEIGHT,
                each / _WIDTH,
                _FIGURE / _HEIGHT,
            )
            axes.append(self.figure.add_axes(box))
        draw(found, (axes[0], axes[1], axes[2]))
        self.skip(_FIGURE + 0.5)

    def _put(self, text: str, left: float, size: float, colour: str) -> None:
        self.figure.text(
            left / _WIDTH,
            1 - self._at / _HEIGHT,
            plain(text),
            size=size,
            color=colour,
            va="baseline",
        )


def _cut(text: str, width: float) -> str:
    if inches(text, _SMALL) <= width:
        return text
    while text and inches(f"{text}…", _SMALL) > width:
        text = text[:-1]
    return f"{text}…"
