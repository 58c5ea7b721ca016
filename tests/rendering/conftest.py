"""Result tables for figures: of a crowd of optimizers, and of two."""

from collections.abc import Iterator

import pytest
from crowd import crowd
from matplotlib import pyplot as plt
from rendered import Tables

from nagbench.study.file import load_study


@pytest.fixture(scope="module")
def many() -> Tables:
    """21 optimizers on one workload, of which one never arrives and others broke off; two of
    them on two more."""
    return crowd(load_study("pilot"))


@pytest.fixture(scope="module")
def two(many: Tables) -> Tables:
    """SGD and NAG, on all three workloads."""
    pair = ["sgd", "nag"]
    found = {
        name: table[table["optimizer"].isin(pair)] if "optimizer" in table else table
        for name, table in many.items()
    }
    both = ("speed_comparisons", "gains")
    return found | {name: found[name][found[name]["reference"].isin(pair)] for name in both}


@pytest.fixture(scope="module")
def most() -> Tables:
    """44 optimizers on three workloads."""
    return crowd(load_study("paper"))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")
