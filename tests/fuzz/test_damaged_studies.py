"""Whatever a study's file holds, it is a study whose plan can be made, or one message."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given
from limits import cases, refusal

from damage import damaged, damaged_text
from nagbench.study.file import STUDIES, load_study, study_of
from nagbench.study.plan import units
from small_study import FULL

DEMO = (STUDIES / "demo.yaml").read_text(encoding="utf-8")
PIECES = (
    *("a", "b: ", "- ", "? ", "\n", "\n  ", "[", "]", "{", "}", ", ", ": ", "|\n", ">\n", "#"),
    *("&x ", "*x", "<<: ", "=", "!!float x", "!!python/name:os.system ", "'", '"', "\\0"),
    *("---\n", "...\n", "1", "9", "1e-3", "0x_", ".nan", ".inf", "2020-99-99", "~", "\t", "\x85"),
    *("extends: pilot\n", "extends: x.yaml\n", "&a [*a, *a]", "\0", "\ud800"),
)


def plan(data: Any) -> None:
    for unit in units(study_of("small", data, "small.yaml")):
        unit.planned()


@given(damaged(FULL))
@example({**FULL, "tuning": {"points": 10**9, "seeds": [1]}})
@example({**FULL, "testing": {"seeds": [*range(10**5), 1]}})
@example({**FULL, "workloads": {"tiny": {**FULL["workloads"]["tiny"], "epochs": 10**12}}})
@cases(600, "study, content")
def test_damaged_content(data: Any) -> None:
    said = refusal(lambda: plan(data))
    assert not said or "small.yaml" in said


@given(damaged(yaml.safe_load(DEMO)))
@cases(150, "study, content of the shipped demo")
def test_damaged_content_of_a_large_study(data: Any) -> None:
    refusal(lambda: plan(data))


@given(damaged_text(DEMO, PIECES))
@example("title: !!float x")
@example("title: 2020-99-99")
@example(f"level: {'9' * 5_000}")
@example("title: &a [*a]")
@example("[" * 20_000)
@example("".join(f"a{n}: x\n" for n in range(60_000)))
@example("a: &a [x, x]\n" + "".join(f"{'b' * n}: &{'b' * n} [*a, *a]\n" for n in range(1, 30)))
@cases(300, "study, text")
def test_damaged_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "damaged.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    refusal(lambda: units(load_study(str(path))))
