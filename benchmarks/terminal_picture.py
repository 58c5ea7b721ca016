"""Writes as SVG what a command shows on a terminal of 80 columns, at the moment when a text of the
screen matches; then types Ctrl-C.

    PYTHONPATH=tests python benchmarks/terminal_picture.py FILE.svg PATTERN COMMAND …
"""

import re
import sys
from io import StringIO
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from terminal import COLUMNS, Terminal

# pyte's names of colours that are others in rich.
_COLOURS = {"brown": "yellow"}


def picture(terminal: Terminal) -> Text:
    """The screen down to its last line that is not empty, with its colours."""
    drawn = Text()
    for y in range(terminal.screen.cursor.y + 1):
        line, cells = Text(), [terminal.screen.buffer[y][x] for x in range(COLUMNS)]
        for (colour, bold), alike in groupby(cells, lambda cell: (cell.fg, cell.bold)):
            colour = re.sub("^(?=[0-9a-f]{6}$)", "#", _COLOURS.get(colour, colour))
            text = "".join(cell.data for cell in alike)
            line.append(text, f"{'bold ' if bold else ''}{colour}")
        line.rstrip()
        drawn.append(line).append("\n")
    drawn.rstrip()
    return drawn


def main(file: str, pattern: str, *command: str) -> None:
    with Terminal(command, {}) as terminal:
        terminal.until(lambda text: re.search(pattern, text), seconds=3600)
        console = Console(record=True, width=COLUMNS, file=StringIO())
        console.print(picture(terminal), soft_wrap=True)
        drawn = console.export_svg(title=" ".join(command))
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # of the network
        Path(file).write_text(drawn, encoding="utf-8")
        terminal.type(b"\x03")
        terminal.rest()


if __name__ == "__main__":
    main(*sys.argv[1:])
