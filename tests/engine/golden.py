"""Losses of a few short runs, kept for each kind of processor that made them.

`python tests/engine/golden.py` adds those of this machine to `golden.json`, or replaces them.
"""

import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from nagbench.data import registry
from nagbench.engine.loop import train
from nagbench.engine.recipe import Recipe
from nagbench.engine.splits import place_splits
from small_runs import CPU, recipe_of

FILE = Path(__file__).with_name("golden.json")
_SMALL = {"batch_size": 64, "train_size": 768, "validation_size": 64, "epochs": 1}
RECIPES = {
    "nag float64": recipe_of("tiny_cnn", "nag", precision="float64", **_SMALL),
    "nag float32": recipe_of("tiny_cnn", "nag", **_SMALL),
    "adam float32": recipe_of("seed_cnn", "adam", **_SMALL),
    "nag bfloat16": recipe_of("tiny_cnn", "nag", precision="bfloat16", **_SMALL),
}


def kind() -> str:
    """The instruction set that torch uses, and the processor's vendor, family and model."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    said = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if line]))
    names = [said.get(name, "?") for name in ("vendor_id", "cpu family", "model")]
    return " ".join([torch.backends.cpu.get_cpu_capability(), platform.machine(), *names])


def losses(recipes: Mapping[str, Recipe] = RECIPES) -> dict[str, list[float]]:
    """The loss of each step of each run, trained now, by one thread as all runs are."""
    torch.set_num_threads(1)
    images = registry.prepare("synthetic")
    found = {}
    for name, recipe in recipes.items():
        splits = place_splits(images, recipe, CPU)
        *_, ((run,), _) = train([recipe], splits, CPU, [None])
        found[name] = run.losses.tolist()
    return found


def main() -> None:
    kinds: dict[str, Any] = json.loads(FILE.read_text()) if FILE.is_file() else {}
    kinds[kind()] = {"torch": torch.__version__, "losses": losses()}
    FILE.write_text(json.dumps(dict(sorted(kinds.items())), indent=1) + "\n")
    print(f"{len(kinds)} kinds of processor in {FILE}")


if __name__ == "__main__":
    main()
