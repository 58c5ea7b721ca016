"""Small things that many tests need: a data set and a study that train in a moment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import yaml

from nagbench.data.images import ImageSet
from nagbench.data.registry import data_set
from nagbench.study.file import load_study
from nagbench.study.model import Study
from small_study import SMALL

pytest_plugins = ["made_once", "result_tables"]

# How long an example takes says something of the machine, nothing of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.register_profile(  # to know whether a test fails, not on how little
    "unshrunk", deadline=None, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, that all processes end together; tests marked `gpu` are skipped
    where torch can use none."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a GPU"))


@pytest.fixture
def small() -> dict[str, Any]:
    """The plain data of a small valid study; a test may change its copy."""
    return yaml.safe_load(yaml.safe_dump(SMALL, sort_keys=False))


@pytest.fixture
def small_study(tmp_path: Path) -> Study:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL, sort_keys=False))
    return load_study(str(path))


@pytest.fixture(scope="session")
def images() -> ImageSet:
    """Images whose mean brightness tells the class, so that training has something to find."""
    noise = np.random.default_rng(0)

    def some(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = noise.integers(0, 10, count, dtype=np.uint8)
        pixels = noise.integers(0, 60, (count, 32, 32, 3), dtype=np.uint8)
        return pixels + 19 * labels[:, None, None, None], labels

    train, test = some(200), some(80)
    declared = replace(data_set("synthetic"), train=len(train[1]), test=len(test[1]))
    return ImageSet(declared, "synthetic", *train, *test)
