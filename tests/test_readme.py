"""The README answers first and is short; what it and the guides point to is there."""

import re
from pathlib import Path

import pytest
import torch

from guides import blocks, follow
from nagbench.engine import build
from nagbench.study.file import load_study
from nagbench.study.plan import units
from nagbench.study.unit import unit

README = Path("README.md").read_text(encoding="utf-8")
PAGES = sorted(
    path
    for place in ("*.md", "docs/**/*.md", "paper/*.md", "paper/records/*.md", "benchmarks/*.md")
    for path in Path().glob(place)
)


def test_the_answer_and_the_two_commands_come_first() -> None:
    assert README.count("\n") <= 150
    first, _, _ = README.partition("\n## ")
    assert first.count("\n") <= 25
    before, _, after = first.partition("<!-- answer: end -->")
    assert before.count("?**") == 1
    (commands,) = re.findall(r"```sh\n(.*?)```", after, re.DOTALL)
    assert [line.partition("#")[0].strip() for line in commands.splitlines()] == [
        "make",
        "make results",
    ]


def test_every_path_of_the_layout_is_there() -> None:
    text = Path("docs/reference/workflow.md").read_text(encoding="utf-8")
    table = text.partition("| where | what |")[2].partition("## ")[0]
    first = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    paths = [path for cell in first for path in re.findall(r"`([^`]+)`", cell)]
    assert len(paths) > 10
    for path in paths:
        assert Path(path).exists() or Path("src/nagbench", path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """To a file, and to a heading of it; the rest of the network is not asked."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        path, _, heading = link.partition("#")
        place = page.parent / path if path else page
        assert place.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}


def test_the_optimizer_of_the_guide_joins_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Path("docs/guide/own-optimizer.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for said, language, text in blocks(guide):
        if language != "sh":
            follow(tmp_path, said, text)
    run = unit(units(load_study("with-mine.yaml")), "tune/tiny_cnn/mine").runs()[0]
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = build.optimizer(run.recipe, [parameter])
    parameter.grad = torch.ones(2)
    optimizer.step()
    assert torch.allclose(parameter, torch.full((2,), 0.9))
