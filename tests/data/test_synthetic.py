"""The embedded data: the same everywhere, and as hard as it says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nagbench import data
from nagbench.data.images import ImageSet, check
from nagbench.data.resident import ResidentSet
from nagbench.data.synthetic import _motifs, _Stream
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.study import Run, Workload
from nagbench.training.evaluation import evaluate
from nagbench.training.lane import Lane

DIGEST = "c66a20655bd80b7ff2146ebc2e6570cf217a0f6feec801138f4d4e38c55d8223"


@pytest.fixture(scope="module")
def synthetic() -> ImageSet:
    return data.prepare("synthetic")


def test_its_bytes_are_those_of_every_machine(synthetic: ImageSet) -> None:
    assert synthetic.digest == DIGEST


def test_it_is_shaped_like_cifar10(synthetic: ImageSet) -> None:
    check(synthetic, "synthetic")
    assert (len(synthetic.train_labels), len(synthetic.test_labels)) == data.SETS["synthetic"]
    counts = np.bincount(synthetic.test_labels, minlength=10)
    assert counts.min() > 150  # 200 of each, give or take four deviations of the draw


def test_motifs_differ_cover_the_same_area_and_mirror_themselves() -> None:
    motifs = _motifs(_Stream(0))
    assert len({motif.tobytes() for motif in motifs}) == len(motifs)
    assert set(motifs.sum(axis=(1, 2))) == {24}
    np.testing.assert_array_equal(motifs, motifs[:, :, ::-1])


def test_draws_are_uniform() -> None:
    counts = np.bincount(_Stream(3).below(10, 100_000), minlength=10)
    chi_squared = ((counts - 10_000) ** 2 / 10_000).sum()
    assert chi_squared < 27.9  # 0.1 % of chi-squared with nine degrees lies above


def accuracy(images: ImageSet, model: str, rate: float, epochs: int) -> list[float]:
    workload = Workload(model=model, batch_size=64, epochs=epochs, targets=(0.5,))
    row = CATALOGUE["nag"]
    device = torch.device("cpu")
    train, test = (
        ResidentSet.place(
            getattr(images, f"{part}_images"),
            getattr(images, f"{part}_labels"),
            4,
            device,
            torch.float32,
        )
        for part in ("train", "test")
    )
    lane = Lane(Run(0, 1, {**row.defaults, "lr": rate}, {}), workload, row, device, train)
    found = []
    for epoch in range(1, epochs + 1):
        lane.begin_epoch(lane.plan_tables(epoch))
        for _ in range(lane.steps):
            lane.step()
        found.append(evaluate(lane, test)[1])
    return found


def test_a_small_network_climbs_and_a_linear_model_stays_behind(synthetic: ImageSet) -> None:
    climbing = accuracy(synthetic, "tiny_cnn", 0.01, 8)
    linear = max(accuracy(synthetic, "logistic", rate, 4)[-1] for rate in (1e-4, 1e-3, 1e-2))
    assert climbing[0] > 0.12  # chance is 0.10, with a deviation of 0.007
    assert climbing[3] > climbing[0] + 0.1
    assert climbing[7] > climbing[3] + 0.1
    assert climbing[7] < 0.95
    assert linear < climbing[7] / 2


def test_it_comes_from_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="generated"):
        data.prepare("synthetic", tmp_path)
