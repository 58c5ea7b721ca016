"""The closure is what a run loads; its digest tells edits that count from those that do not.

Runs are trained in fresh processes, and what they loaded is compared with what `sources` says.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nagbench.engine.recipe import Recipe
from nagbench.sources import ENGINE, closure

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
PACKAGE = SOURCE / "nagbench"
# An optimizer of a user's, with a helper beside it that another one there is not.
USER = {
    "mine.py": "import torch\nfrom torch.optim import SGD\n\nimport rates\n\n\n"
    "class Mine(SGD):\n    def __init__(self, parameters):\n"
    "        super().__init__(parameters, lr=rates.rate())\n",
    "rates.py": "def rate():\n    from deeper.numbers import RATE\n\n    return RATE\n",
    "deeper/__init__.py": "",
    "deeper/numbers.py": '"""Numbers."""\n\nRATE = 0.01\n',
    "unused.py": '"""Of no optimizer."""\n',
}
BASE = {
    "batch_size": 16,
    "epochs": 2,
    "data": "synthetic",
    "validation_size": 16,
    "seed": 1,
    "judged_on_test": True,
}
RECIPES: dict[str, dict[str, Any]] = {
    "a library's optimizer": {
        "network": "nagbench.models.seed_cnn:SeedCNN",
        "optimizer": "torch.optim:SGD",
        "settings": {"lr": 0.01, "momentum": 0.9, "nesterov": True},
    },
    "a user's file": {
        "network": "nagbench.models.tiny_cnn:TinyCNN",
        "optimizer": "mine.py:Mine",
        "schedule": "cosine",
    },
    "ours": {
        "network": "nagbench.models.resnet20:ResNet20",
        "optimizer": "nagbench.optimizers.nag_sutskever:NAGSutskever",
        "settings": {"lr": 0.01},
        "schedule": "warmup_linear",
    },
    "ours, which extends another": {
        "network": "nagbench.models.fastnet:FastNet",
        "optimizer": "nagbench.optimizers.adaptive_restart:AdaptiveRestart",
        "settings": {"lr": 0.01},
        "loss": "one_hot_squares",
        "initializer": "xavier",
    },
    "another library's optimizer": {
        "network": "nagbench.models.logistic:Logistic",
        "optimizer": "pytorch_optimizer:Lion",
        "settings": {"lr": 0.001},
        "schedule": "plateau",
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user works."""
    made = tmp_path_factory.mktemp("user").resolve()
    for name, text in USER.items():
        path = made / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return made


def recipe(name: str) -> Recipe:
    return Recipe(**{**BASE, **RECIPES[name]})


def python(script: str, said: Any, folder: Path, source: Path) -> Any:
    """What a script of this folder answers, run there with the package of `source`."""
    ended = subprocess.run(
        [sys.executable, os.fspath(HERE / script)],
        input=json.dumps(said),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(source), "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Mapping[str, set[Path]]:
    """By recipe, the files of this project and of the user's that its training loads."""
    found = {}
    for name in RECIPES:
        files = python("fresh_run.py", recipe(name).definition(), folder, SOURCE)
        found[name] = {
            path
            for path in map(Path, files)
            if path.is_relative_to(PACKAGE) or path.is_relative_to(folder)
        }
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_loads_its_closure(
    name: str, loaded: Mapping[str, set[Path]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert set(closure([ENGINE, *recipe(name).modules()])) == loaded[name]


def test_every_edit_counts_for_the_runs_that_load_the_file(
    loaded: Mapping[str, set[Path]], folder: Path, tmp_path: Path
) -> None:
    """A statement in any file of the package or of the user's, and words that do nothing."""
    source, own = tmp_path / "src", tmp_path / "user"
    shutil.copytree(PACKAGE, source / "nagbench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(folder, own, ignore=shutil.ignore_patterns("__pycache__"))
    modules = [recipe(name).modules() for name in RECIPES]
    changed = python("edit_each.py", [[str(source), str(own)], modules], own, source)
    originals = {
        path: PACKAGE.parent / path.relative_to(source)
        if path.is_relative_to(source)
        else folder / path.relative_to(own)
        for path in map(Path, changed)
    }
    missed, harmless = [], []
    for path, original in originals.items():
        users = [n for n, name in enumerate(RECIPES) if original in loaded[name]]
        for kind, recipes in changed[str(path)].items():
            expected = users if kind == "statement" else []
            missed += [(original, kind)] * len(set(expected) - set(recipes))
            harmless += [(original, kind)] * len(set(recipes) - set(expected))
    assert missed == []
    assert harmless == []
    assert {path for paths in loaded.values() for path in paths} <= set(originals.values())
    assert len(changed) > 100
