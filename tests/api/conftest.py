"""A small study that `nagbench train` has trained, for tests of the verbs."""

from pathlib import Path

import pytest

from nagbench.cli import main
from nagbench.data.images import ImageSet, save

STUDY = """
extends: demo
validation_size: 40
workloads:
  tiny_cnn:
    model: tiny_cnn
    batch_size: 16
    epochs: 2
    targets: {low: 0.2, high: 0.2, source: a test}
optimizers: [sgd, nag_sutskever]
tuning: {points: 2, seeds: [1], grows: false, choices: [accuracy], runner_up_seeds: 0}
testing: {seeds: [11, 12]}
"""
MINE = """
import torch


class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(parameter.grad, alpha=-group["lr"])
"""


@pytest.fixture(scope="session")
def trained(images: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder: data and finished runs where the workflow keeps them, and records of it."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("small.yaml").write_text(STUDY, encoding="utf-8")
        Path("mine.py").write_text(MINE, encoding="utf-8")
        save(images, Path("results/data/synthetic.npz"))
        assert main(["train", "small.yaml", "--device", "cpu"]) == 0
        units = map(str, sorted(Path("results/small").glob("t*/**/*.parquet")))
        assert main(["collect", "small.yaml", "--output", "results/small/records", *units]) == 0
    return folder


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, in which the test works."""
    monkeypatch.chdir(trained)
    return trained
