"""A new torch, or a kernel of another kind, shows itself in the losses of a few short runs."""

import json
from dataclasses import replace

import golden
import pytest
import torch

KEPT = json.loads(golden.FILE.read_text())
# Between instruction sets the losses of these twelve steps were seen to differ by 1.5e-9, 1e-7 and
# 6e-5 of themselves, in float64, float32 and bfloat16.
TOLERANCE = {"float64": 1e-7, "float32": 1e-5, "bfloat16": 2e-3}


@pytest.fixture(scope="module")
def found() -> dict[str, list[float]]:
    threads = torch.get_num_threads()
    losses = golden.losses()
    torch.set_num_threads(threads)
    return losses


@pytest.mark.parametrize("name", golden.RECIPES)
def test_losses_are_those_that_were_kept(found: dict[str, list[float]], name: str) -> None:
    """To the bit on a kind of processor that is kept, nearly on any other."""
    own = KEPT.get(golden.kind())
    if own is not None:
        made = f"kept from torch {own['torch']}, found with torch {torch.__version__}"
        assert found[name] == own["losses"][name], made
    for kind, kept in KEPT.items():
        tolerance = TOLERANCE[name.split()[1]]
        assert found[name] == pytest.approx(kept["losses"][name], rel=tolerance), kind


@pytest.mark.parametrize("name", golden.RECIPES)
def test_a_changed_method_would_show(found: dict[str, list[float]], name: str) -> None:
    """Another setting moves the losses by far more than another instruction set."""
    optimizer, precision = name.split()
    recipe = golden.RECIPES[name]
    setting = {"nag": {"momentum": 0.5}, "adam": {"lr": 1.1e-3}}[optimizer]
    other = replace(recipe, settings={**recipe.settings, **setting})
    changed = golden.losses({name: other})[name]
    assert changed != pytest.approx(found[name], rel=TOLERANCE[precision])
