"""A study trained without Snakemake: what is stale trains again; units do not touch each other."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from nagbench.records import TIMES, read_units
from nagbench.runner.all_units import matching
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import read_plan, write_plan

MEDDLER = """
import torch

torch.nn.functional.relu = lambda x: 0 * x
torch.nn.functional.max_pool2d = torch.nn.functional.avg_pool2d
torch.optim.SGD.step = lambda self, closure=None: None

class Meddler(torch.optim.Adam):
    pass
"""


class Campaign:
    """A study file, and the command that trains what it lacks."""

    def __init__(self, folder: Path, images: ImageSet) -> None:
        self.folder, self.study = folder, folder / "small.yaml"
        folder.mkdir(exist_ok=True)
        save(images, folder / "data.npz")

    def train(self, study: dict[str, Any], *more: str) -> int:
        self.study.write_text(yaml.safe_dump(study, sort_keys=False))
        return main(
            ["train", str(self.study), "--missing", "--device", "cpu", "--lanes", "1",
             "--data", str(self.folder / "data.npz"), "--results", str(self.folder / "results"),
             "--store", str(self.folder / "runs"), *more]
        )  # fmt: skip

    def unit(self, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        return read_units([self.folder / "results/small" / f"{name}.parquet"])

    def chosen(self, optimizer: str) -> dict[str, Any]:
        path = self.folder / f"results/small/chosen/tiny/{optimizer}.json"
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def campaign(tmp_path: Path, images: ImageSet) -> Campaign:
    return Campaign(tmp_path / "campaign", images)


def test_what_is_there_is_not_trained_again(
    campaign: Campaign, small: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert campaign.train(small) == 0
    capsys.readouterr()
    assert campaign.train(small) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_other_epochs_are_trained(campaign: Campaign, small: dict[str, Any]) -> None:
    """Records of two epochs are none of a study of three."""
    assert campaign.train(small, "--units", "*/sgd") == 0
    small["workloads"]["tiny"]["epochs"] = 3
    assert campaign.train(small, "--units", "*/sgd") == 0
    runs, curves = campaign.unit("test/tiny/sgd")
    assert set(runs["epochs"]) == {3}
    assert curves["epoch"].max() == 3


def test_another_space_is_chosen_from_again(campaign: Campaign, small: dict[str, Any]) -> None:
    """The test must not follow a choice among trials that are no longer tried."""
    small["optimizers"]["sgd"] = {
        "settings": {"lr": 0.3},
        "space": {"lr": {"low": 0.2, "high": 0.4}},
    }
    assert campaign.train(small, "--units", "*/sgd") == 0
    before = campaign.chosen("sgd")
    small["optimizers"]["sgd"] = {
        "settings": {"lr": 0.01}, "space": {"lr": {"low": 0.001, "high": 0.02}},
    }  # fmt: skip
    assert campaign.train(small, "--units", "*/sgd") == 0
    after = campaign.chosen("sgd")
    (old,), (new,) = ([one["settings"]["lr"] for one in c["tested"]] for c in (before, after))
    assert new < 0.03 < old
    assert after["records"] != before["records"]
    runs, _ = campaign.unit("test/tiny/sgd")
    assert {json.loads(text)["lr"] for text in runs["settings"]} == {new}


def test_a_plans_order_is_kept_and_each_tuning_comes_before_its_test(
    small_study: Study, tmp_path: Path
) -> None:
    planned = units(small_study)
    write_plan(tmp_path / "plan.json", [planned[1], planned[0], planned[3], planned[2]])
    ordered = matching(read_plan(tmp_path / "plan.json"), "*")
    assert [unit.name for unit in ordered] == [
        f"{stage}/tiny/{name}" for name in ("nag_sutskever", "sgd") for stage in ("tune", "test")
    ]


def test_a_class_from_outside_reaches_no_other_unit(
    campaign: Campaign, small: dict[str, Any], tmp_path: Path, images: ImageSet
) -> None:
    """It replaces functions of torch when it is imported, which no record could name."""
    alone = Campaign(tmp_path / "alone", images)
    assert alone.train(small, "--units", "tune/*") == 0
    (tmp_path / "meddler.py").write_text(MEDDLER)
    for name in ("first", "last"):
        section = {"reference": f"{tmp_path / 'meddler.py'}:Meddler", "settings": {"lr": 0.01}}
        own = {name: {**section, "space": {}}}
        rest = small["optimizers"]
        small["optimizers"] = {**own, **rest} if name == "first" else {**rest, **own}
    assert campaign.train(small, "--units", "tune/*") == 0
    for name in ("tune/tiny/sgd", "tune/tiny/nag_sutskever"):
        for one, other in zip(alone.unit(name), campaign.unit(name), strict=True):
            kept = [column for column in one if column not in TIMES]
            pd.testing.assert_frame_equal(one[kept], other[kept], check_exact=True)
