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
