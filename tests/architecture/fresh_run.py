"""Trains a run to its end in this process, and says which files that took.

It reads a recipe as JSON, and writes the paths of all Python modules that were loaded and of all
other files that were opened to be read.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_opened: set[str] = set()


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        _opened.add(arguments[0])


def _images() -> Any:
    """Noise in the form of an image set."""
    import numpy as np

    noise = np.random.default_rng(0)

    def some(count: int) -> tuple[np.ndarray, np.ndarray]:
        images = noise.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        return images, noise.integers(0, 10, count, dtype=np.uint8)

    train, test = some(48), some(8)
    return SimpleNamespace(
        train_images=train[0],
        train_labels=train[1],
        test_images=test[0],
        test_labels=test[1],
        mean=(125.0, 123.0, 114.0),
        deviation=(63.0, 62.0, 67.0),
        classes=10,
    )


def main() -> None:
    recipe = json.load(sys.stdin)
    sys.addaudithook(_notice)

    import torch

    from nagbench.engine.loop import train
    from nagbench.engine.recipe import Recipe
    from nagbench.engine.splits import place_splits

    recipes, device = [Recipe(**recipe)], torch.device("cpu")
    splits = place_splits(_images(), recipes[0], device)
    for runs, _ in train(recipes, splits, device, [None]):
        (run,) = runs
    assert run.over
    loaded = [getattr(module, "__file__", None) for module in sys.modules.values()]
    read = [name for name in _opened if not name.endswith((".py", ".pyc"))]
    files = {Path(name).resolve() for name in (*loaded, *read) if name}
    print(json.dumps(sorted(str(path) for path in files if path.is_file())))


if __name__ == "__main__":
    main()
