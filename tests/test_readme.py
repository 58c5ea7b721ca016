"""The README: its commands exist, its paths are there, and its example works as printed."""

import re
import shlex
from pathlib import Path

import pytest
import torch
import yaml

from nagbench.cli import main, parser
from nagbench.engine import build
from nagbench.study.file import load_study
from nagbench.study.plan import units
from nagbench.study.unit import unit

README = Path("README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_tables_and_every_one_there_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    commands = set(re.findall(r"^  ([a-z][a-z-]+)  ", said, re.MULTILINE))
    assert max(map(len, said.splitlines())) <= 80
    assert set(re.findall(r"`nagbench ([a-z-]+)`", README)) == commands
    targets = set(re.findall(r"^([a-z-]+):.*##", Path("Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)[`( ]", README)) == targets


def test_every_path_in_it_is_there() -> None:
    table = README.partition("| where | what |")[2].partition("## ")[0]
    first = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    paths = [path for cell in first for path in re.findall(r"`([^`]+)`", cell)]
    assert len(paths) > 10
    for path in paths:
        assert Path(path).exists() or Path("src/nagbench", path).exists(), path
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert Path(picture).is_file()


@pytest.mark.parametrize("guide", ["README.md", "REPRODUCING.md"])
def test_every_command_of_a_guide_is_one(guide: str) -> None:
    """With options that it takes, whatever the files are that it names.

    EXTENDING.md is followed literally elsewhere.
    """
    text = Path(guide).read_text(encoding="utf-8")
    shell = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    targets = set(re.findall(r"^([a-z-]+):.*##", Path("Makefile").read_text(), re.MULTILINE))
    for line in shell.splitlines():
        words = shlex.split(line.partition(" > ")[0], comments=True)
        if words[:1] == ["nagbench"]:
            assert parser().parse_args(words[1:]).verb
        elif words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets
        elif words[:1] == ["snakemake"]:
            said = {word.partition("=")[0] for word in words if "=" in word}
            assert said <= {
                "compare",
                "study",
                "optimizers",
                "workloads",
                "device",
                "cifar10",
                "records",
            }
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert Path(link).exists(), link


def test_the_optimizer_of_the_example_joins_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    section = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0])
    study = yaml.safe_load(Path("src/nagbench/study/shipped/demo.yaml").read_text(encoding="utf-8"))
    study["optimizers"] |= section
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(python)
    Path("my-study.yaml").write_text(yaml.safe_dump(study))
    run = unit(units(load_study("my-study.yaml")), "tune/tiny_cnn/mine").runs()[0]
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = build.optimizer(run.recipe, [parameter])
    parameter.grad = torch.ones(2)
    optimizer.step()
    assert torch.allclose(parameter, torch.full((2,), 0.9))
