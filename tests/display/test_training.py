"""What `nagbench train` shows: bars on a terminal, lines in a pipe."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nagbench.display.training import TrainingDisplay
from nagbench.runner.progress import Progress
from terminal import COLUMNS, Terminal

# Trains nothing; when it is told to it goes on.
SCRIPT = """
import sys
from nagbench.display.training import TrainingDisplay
from nagbench.runner.progress import Progress

now = 0.0
display = TrainingDisplay("demo", clock=lambda: now)
for name in ("tune/cnn/nag", "test/cnn/nag"):
    display.state.add(name, 1000, 0, 10)
with display:
    display.begin("tune/cnn/nag")
    for epoch in range(6):
        display.report("tune/cnn/nag", Progress(epoch, 10, 1))
        now += 2
    display.screen.draw()
    print("a warning " * 9 + "[bold] of :smile:", file=sys.stderr)
    sys.stdin.readline()
    now = 20.0
    display.report("tune/cnn/nag", Progress(10, 10))
    display.end("tune/cnn/nag")
"""
COMMAND = [sys.executable, "-c", SCRIPT]
WARNING = "a warning " * 9 + "[bold] of :smile:"
ENDED = "tune/cnn/nag: 10 of 10 epochs, done in 0:20"


@pytest.mark.parametrize("colours", [True, False])
def test_a_terminal_has_bars_and_messages_above_them(colours: bool) -> None:
    with Terminal(COMMAND, {} if colours else {"NO_COLOR": "1"}) as terminal:
        shown = terminal.until(lambda text: "tune/cnn/nag" in text and "smile" in text)
        *message, titles, study, unit = shown.splitlines()
        assert " ".join(message).split() == WARNING.split()
        assert titles.split() == ["epochs", "images/s", "elapsed", "left"]
        assert study.split()[:5] == ["demo:", "0", "of", "2", "units"]
        assert study.split()[-4:] == ["5/20", "500", "0:12", "~0:28"]
        assert unit.split()[0] == "tune/cnn/nag"
        assert unit.split()[-4:] == ["5/10", "500", "0:12", "~0:08"]
        found = {cell.fg for line in terminal.screen.buffer.values() for cell in line.values()}
        assert (found != {"default"}) == colours
        terminal.type(b"\n")
        assert terminal.rest() == 0
        left = [line for line in terminal.text().splitlines() if line.strip()]
        assert left[-1] == ENDED
        assert not any("━" in line for line in left)
        assert all(len(line) <= COLUMNS for line in left)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"CI": "true"}])
def test_a_terminal_that_wants_lines_gets_lines(environment: dict[str, str]) -> None:
    with Terminal(COMMAND, environment) as terminal:
        terminal.type(b"\n")
        assert terminal.rest() == 0
        assert b"\x1b" not in terminal.bytes
        assert ENDED in terminal.text()


def test_a_pipe_gets_lines_even_if_colours_are_forced(tmp_path: Path) -> None:
    ended = subprocess.run(
        COMMAND,
        input="\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": "80"},
    )
    assert ended.stdout.splitlines() == [
        "tune/cnn/nag: 0 of 10 epochs",
        "tune/cnn/nag: 1 of 10 epochs",
        "tune/cnn/nag: 2 of 10 epochs, 500 images/s, 0:16 left",
        "tune/cnn/nag: 3 of 10 epochs, 500 images/s, 0:14 left",
        "tune/cnn/nag: 4 of 10 epochs, 500 images/s, 0:12 left",
        "tune/cnn/nag: 5 of 10 epochs, 500 images/s, 0:10 left",
        "tune/cnn/nag: 10 of 10 epochs, 500 images/s",
        ENDED,
        "demo: 1 of 2 units, 10 of 20 epochs, ~0:20 left",
    ]
    assert ended.stderr.strip() == WARNING


def test_what_was_kept_is_said_once_and_no_line_is_repeated() -> None:
    now = [0.0]
    display = TrainingDisplay("demo", out := io.StringIO(), lambda: now[0])
    display.state.add("tune/cnn/nag", 1000, 4, 10)
    display.begin("tune/cnn/nag")
    for done in (4, 4, 4, 5, 5):
        display.report("tune/cnn/nag", Progress(done, 10, 1))
        now[0] += 60
    assert out.getvalue().splitlines() == [
        "tune/cnn/nag: 4 of 10 epochs are kept from before",
        "tune/cnn/nag: 5 of 10 epochs",
    ]


def test_where_rich_is_missing_lines_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys\nsys.modules['rich'] = None\n" + SCRIPT
    with Terminal([sys.executable, "-c", script], {}) as terminal:
        terminal.type(b"\n")
        assert terminal.rest() == 0
        assert ENDED in terminal.text()
