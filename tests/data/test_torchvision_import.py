"""torchvision beside either wheel of torch."""

import importlib
from types import ModuleType

import pytest
import torch

from nagbench.data.torchvision_import import import_torchvision


def test_its_data_sets_are_there() -> None:
    assert hasattr(import_torchvision().datasets, "CIFAR10")


def test_nothing_is_declared_where_the_import_works(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = ModuleType("torchvision")
    declared: list[str] = []
    monkeypatch.setattr(importlib, "import_module", lambda _: sound)
    monkeypatch.setattr(torch.library, "define", lambda name, _: declared.append(name))
    assert import_torchvision() is sound
    assert declared == []


def test_another_fault_of_the_import_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> ModuleType:
        raise RuntimeError("something else")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="something else"):
        import_torchvision()
