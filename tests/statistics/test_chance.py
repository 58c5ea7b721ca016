"""What statistics take from the data set: the level of chance, and the shape of the images."""

import sys
from dataclasses import replace
from types import ModuleType

import pandas as pd
import pytest

from nagbench.data import registry
from nagbench.metrics import final_accuracy
from nagbench.models.size import flops, parameter_count
from nagbench.statistics.description import workloads
from nagbench.study.model import Study


@pytest.fixture
def hundred(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a registered set of 100 classes of grey images."""
    module = ModuleType("nagbench.data.hundred")
    module.SET = replace(  # type: ignore[attr-defined]
        registry.data_set("synthetic"),
        name="hundred",
        height=24,
        width=20,
        class_names=tuple(map(str, range(100))),
        mean=(128.0,),
        deviation=(64.0,),
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "SETS", (*registry.SETS, "hundred"))
    return "hundred"


def test_a_diverged_run_counts_as_chance_of_its_own_data(hundred: str) -> None:
    runs = pd.DataFrame(
        {
            "run": ["a", "b", "c"],
            "data": ["synthetic", hundred, hundred],
            "status": ["diverged", "diverged", "finished"],
        }
    )
    curves = pd.DataFrame(
        {
            "run": ["a", "b", "c", "c"],
            "epoch": [0, 0, 1, 0],
            "test_accuracy": [0.5, 0.6, 0.7, 0.2],
            "validation_accuracy": [0.5, 0.6, 0.8, 0.2],
        }
    )
    assert final_accuracy(runs, curves).tolist() == [0.1, 0.01, 0.7]
    assert final_accuracy(runs, curves, "validation").tolist() == [0.1, 0.01, 0.8]


def test_the_size_of_a_network_is_that_on_the_studys_data(small_study: Study, hundred: str) -> None:
    found = {
        data: workloads(replace(small_study, data=data)).iloc[0] for data in ("synthetic", hundred)
    }
    assert found["synthetic"]["parameters"] == 8_518
    assert found[hundred]["parameters"] == parameter_count("tiny_cnn", (1, 24, 20), 100)
    assert found[hundred]["flops"] == flops("tiny_cnn", (1, 24, 20), 100)
