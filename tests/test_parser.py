"""The command line's parser: commands by subject, near misses suggested."""

import re

import pytest

from nagbench.cli import main, parser
from nagbench.commands.parser import SUBJECTS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "nagbench: a command: found 'trian' (is train meant?); allowed: data, "),
        (["xyz"], "nagbench: a command: found 'xyz'; allowed: data, "),
        (["train", "demo", "--device", "cdua"], "--device: found 'cdua' (is cuda meant?); allowed"),
    ],
)
def test_a_near_miss_is_suggested(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1


def test_the_help_lists_every_command_within_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", said, re.MULTILINE)
    assert listed == [name for names in SUBJECTS.values() for name in names]
    assert max(map(len, said.splitlines())) <= 80


def test_every_command_has_a_subject() -> None:
    told = [name for names in SUBJECTS.values() for name in names]
    (commands,) = (
        action.choices for action in parser()._actions if isinstance(action.choices, dict)
    )
    assert sorted(told) == sorted(commands)


@pytest.mark.parametrize("command", ["train", "session", "compare", "verify", "plan", "submit"])
def test_what_runs_code_of_others_says_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "with your rights" in " ".join(capsys.readouterr().out.split())


def test_a_missing_file_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["readme", "--statistics", "x", "--file", "gone\x1b.md"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "nagbench readme: gone\\x1b.md: No such file or directory; "
        "allowed: a file or folder that is there\n"
    )
