"""The engine and a plain loop train alike, and it shows where they do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from nagbench.cli import main
from nagbench.data.cifar10 import SET
from nagbench.data.images import ImageSet
from nagbench.engine import build
from nagbench.validation import cross_check as checking
from nagbench.validation.agreement import PLAIN, Setting, compared
from nagbench.validation.cross_check import cross_check

SETTING = Setting(rate=0.01, batch_size=16, epochs=3)


@pytest.fixture(scope="module")
def pictures() -> ImageSet:
    """Noise in CIFAR-10's shape over a grey level that tells the class, not too plainly."""
    stream = np.random.default_rng(5)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = stream.integers(0, 10, count).astype(np.uint8)
        noise = stream.normal(0, 60, (count, 32, 32, 3))
        level = stream.normal(20 * labels + 30, 25)[:, None, None, None]
        return np.clip(noise + level, 0, 255).astype(np.uint8), labels

    return ImageSet(SET, "made up", *drawn(900), *drawn(400))


@pytest.fixture(scope="module")
def alike(pictures: ImageSet) -> pd.DataFrame:
    return pd.DataFrame(cross_check(pictures, SETTING, range(5), 1))


@pytest.mark.slow
def test_both_learn_alike(alike: pd.DataFrame) -> None:
    assert list(alike["way"]) == [way for way in ("plain", "float32", "bfloat16") for _ in range(5)]
    assert list(alike["seed"]) == [*range(5)] * 3
    assert (alike["engine"] == "").tolist() == (alike["way"] == PLAIN).tolist()
    found = compared(alike).set_index("way")
    assert (found["runs"] == 5).all()
    assert (found["mean"] > 0.2).all(), found  # twice chance
    assert found.loc["float32", "low"] < 0 < found.loc["float32", "high"]


def test_the_engine_trains_what_the_loop_does(pictures: ImageSet) -> None:
    """Without its flag it would be heavy ball, which is worse by a point on CIFAR-10."""
    recipe = checking._recipe(pictures, SETTING, 90, "float32", 1)
    built = build.optimizer(recipe, [torch.nn.Parameter(torch.zeros(2))], "cpu")
    (group,) = built.param_groups
    plain = torch.optim.SGD([torch.zeros(2)], SETTING.rate, SETTING.momentum, nesterov=True)
    for name in ("lr", "momentum", "nesterov", "dampening", "weight_decay"):
        assert group[name] == plain.param_groups[0][name], name


@pytest.mark.slow
def test_another_rate_shows(pictures: ImageSet, alike: pd.DataFrame) -> None:
    """As a mistake in the engine's update would."""
    slow = cross_check(
        pictures, replace(SETTING, rate=SETTING.rate / 100), range(5), 1, ["float32"]
    )
    rows = [row for row in slow if row["way"] != PLAIN]
    mixed = pd.concat([alike[alike["way"] == PLAIN], pd.DataFrame(rows)])
    assert compared(mixed).set_index("way").loc["float32", "high"] < 0


def test_the_comparison_is_welchs() -> None:
    plain, other = [0.60, 0.62, 0.61, 0.65], [0.63, 0.60, 0.66]
    ways = ["plain"] * 4 + ["float32"] * 3
    table = pd.DataFrame({"way": ways, "accuracy": plain + other}).assign(
        **vars(SETTING), data="made up"
    )
    first, second = compared(table).to_dict("records")
    assert np.isnan([first["difference"], first["low"], first["high"]]).all()
    parts = [np.var(one, ddof=1) / len(one) for one in (plain, other)]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 2)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(parts))
    assert second["difference"] == pytest.approx(np.mean(other) - np.mean(plain))
    assert second["low"] == pytest.approx(second["difference"] - half)
    assert second["high"] == pytest.approx(second["difference"] + half)


def test_the_command_writes_the_table(
    pictures: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("nagbench.data.images.load", lambda _: pictures)  # CIFAR-10 is larger
    files = ["--data", "pictures.npz", "--output", str(tmp_path / "found.parquet")]
    for wrong in (["--seeds", "1"], ["--epochs", "0"]):
        assert main(["cross-check", *files, *wrong]) == 2
        assert "or more" in capsys.readouterr().err
    assert main(["cross-check", *files, "--seeds", "2", "--epochs", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("bfloat16   ")
    assert (tmp_path / "found.parquet").is_file()
