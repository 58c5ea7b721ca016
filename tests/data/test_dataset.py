"""Data sets declare their shape once, and are found by name."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nagbench.data import synthetic
from nagbench.data.dataset import DataSet
from nagbench.data.images import ImageSet
from nagbench.data.registry import SETS, data_set, prepare
from nagbench.errors import InputError

GREY: dict[str, Any] = {
    "name": "grey",
    "height": 8,
    "width": 6,
    "class_names": ("a", "b", "c", "d"),
    "train": 5,
    "test": 2,
    "mean": (100.0,),
    "deviation": (50.0,),
}


def test_what_follows_from_what_is_declared() -> None:
    grey = DataSet(**GREY)
    assert (grey.channels, grey.classes, grey.inputs, grey.chance) == (1, 4, (1, 8, 6), 0.25)
    colour = dataclasses.replace(grey, mean=(1.0, 2.0, 3.0), deviation=(1.0, 1.0, 1.0))
    assert colour.inputs == (3, 8, 6)


@pytest.mark.parametrize("classes", [2, 256])
def test_as_many_classes_as_a_byte_tells_apart(classes: int) -> None:
    names = tuple(map(str, range(classes)))
    assert DataSet(**{**GREY, "class_names": names}).chance == 1 / classes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"class_names": tuple(map(str, range(257)))}, r"257 classes; allowed: 2 to 256 class"),
        ({"class_names": ("one",)}, "1 classes"),
        ({"height": 0}, "height: 0; allowed: at least 1"),
        ({"width": -1}, "width: -1"),
        ({"train": 0}, "train: 0"),
        ({"test": 0}, "test: 0"),
        ({"mean": ()}, "0 means and 1 deviations"),
        ({"deviation": (1.0, 2.0)}, "1 means and 2 deviations"),
        ({"deviation": (0.0,)}, "deviation: .*above 0"),
        ({"deviation": (float("inf"),)}, "deviation: .*above 0"),
        ({"deviation": (10**400,)}, "deviation: .*to 255"),
        ({"mean": (float("nan"),)}, "mean: .*0 to 255"),
        ({"mean": (-0.1,)}, "mean: .*0 to 255"),
        ({"mean": (255.1,)}, "mean: .*0 to 255"),
        ({"mean": (10**400,)}, "mean: .*0 to 255"),
    ],
)
def test_what_cannot_be_a_data_set_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=rf"data set grey.*{words}"):
        DataSet(**{**GREY, **changes})


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_found_by_its_name(name: str) -> None:
    assert data_set(name).name == name


@pytest.mark.parametrize("ask", [data_set, prepare])
def test_an_unknown_name_is_refused(ask: Any) -> None:
    with pytest.raises(InputError, match=r"data set: found 'mnist'; allowed: synthetic, cifar10"):
        ask("mnist")


def test_shapes_are_asked_for_without_torch() -> None:
    """Planner, statistics and `--help` need them, on machines where torch takes seconds."""
    script = """
import sys
from nagbench.data import registry
assert "numpy" not in sys.modules, "numpy"
assert all(registry.data_set(name).chance > 0 for name in registry.SETS)
assert "torch" not in sys.modules, "torch"
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("off", [0.99, -0.99, 1.01, -1.01])
@pytest.mark.parametrize("key", ["mean", "deviation"])
def test_a_mean_and_deviation_of_other_images_are_refused(
    monkeypatch: pytest.MonkeyPatch, images: ImageSet, key: str, off: float
) -> None:
    levels = images.train_images.astype(np.float64)
    scale = {"mean": levels.mean((0, 1, 2)), "deviation": levels.std((0, 1, 2))}
    true = {name: tuple(values.round(3).tolist()) for name, values in scale.items()}
    wrong = tuple((scale[key] + [0, off, 0]).tolist())
    declared = dataclasses.replace(images.declared, **{**true, key: wrong})
    some = dataclasses.replace(images, declared=declared)
    monkeypatch.setattr(synthetic, "prepare", lambda _: some)
    if abs(off) < 1:
        assert prepare("synthetic") is some
        return
    allowed = f"allowed: those of the training images, {true['mean']} and {true['deviation']}"
    with pytest.raises(InputError, match=re.escape(allowed)):
        prepare("synthetic")


def test_images_that_are_not_as_declared_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    images = synthetic.prepare()
    other = dataclasses.replace(images.declared, train=images.declared.train + 1)
    wrong = dataclasses.replace(images, declared=other)
    monkeypatch.setattr(synthetic, "prepare", lambda _: wrong)
    with pytest.raises(InputError, match=r"data set synthetic: train images .*\(5000, 32, 32, 3\)"):
        prepare("synthetic")
    with pytest.raises(InputError, match=r"given\.npz: train images"):
        prepare("synthetic", Path("given.npz"))
