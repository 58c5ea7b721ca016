"""The benchmark counts and divides rightly; how fast anything is, no test says."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nagbench.benchmark import report
from nagbench.benchmark.cases import case
from nagbench.benchmark.ceilings import Floor, _Counted, traffic
from nagbench.benchmark.contestants import Careful, Engine
from nagbench.benchmark.optimizers import cost_table, costs
from nagbench.benchmark.progress import load
from nagbench.benchmark.tournament import TRAINING_IMAGES, Result, Row
from nagbench.data.cifar10 import SET
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.models.size import flops
from nagbench.optimizers.catalogue import CATALOGUE

CPU = torch.device("cpu")


SHAPE = SET.inputs, SET.classes


def small(model: str = "tiny_cnn", precision: str = "float32", batch_size: int = 16) -> Recipe:
    return case(model, batch_size, 2, precision=precision)


@pytest.mark.parametrize("model", ["seed_cnn", "resnet20", "fastnet"])
def test_the_floor_has_the_arithmetic_of_a_step_and_nothing_else(model: str) -> None:
    floor = Floor(Engine(small(model), CPU).runs[0])
    with FlopCounterMode(display=False) as counter:
        floor.step()
    assert counter.get_total_flops() == 16 * flops(model, *SHAPE, training=True)


def test_every_way_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nagbench.benchmark.contestants.IMAGES", 48)
    for way in (Careful(small(), CPU), Engine(small(), CPU)):
        model = way._model if isinstance(way, Careful) else way.runs[0].model
        before = [p.detach().clone() for p in model.parameters()]
        for _ in range(4):  # an epoch and the beginning of the next
            way.step()
        after = list(model.parameters())
        assert all(not torch.equal(p, q) for p, q in zip(before, after, strict=True))


def test_traffic_counts_what_operations_read_and_write() -> None:
    """A linear model's step cannot move less than its weights' reading, gradient and writing."""
    fewer, more = (
        traffic(Engine(small("logistic", batch_size=batch), CPU).runs[0]) for batch in (16, 32)
    )
    weights = 30_730 * 4
    assert fewer > 4 * weights
    images = 16 * 3072 * 4
    # Gathered, scaled, flattened and multiplied: each image passes several times.
    assert 4 * images < more - fewer < 20 * images


def test_a_batch_is_counted_as_what_it_takes_of_the_images() -> None:
    """All windows of a resident set have 81 times its size; a batch reads one of each image."""
    data = Engine(small(), CPU).runs[0].data
    drawn = torch.arange(16)
    with _Counted() as counted:
        data.crops(drawn, drawn % 9, drawn % 9, drawn % 2 == 0)
    pixels = 16 * 3072
    # Read, written, mirrored, chosen, and in float32 cast, moved and scaled.
    assert 20 * pixels < counted.bytes < 50 * pixels


def test_what_is_read_again_in_place_is_counted_once() -> None:
    windows = torch.zeros(100).as_strided((91, 10), (1, 1))
    with _Counted() as counted:
        windows.sum()
    assert counted.bytes == 4 * (100 + 1)


def test_the_tables_numbers_follow_from_rates() -> None:
    rows = [
        Row("plain", 1, (90.0, 100.0, 110.0), 10**6),
        Row("careful", 1, (200.0, 200.0, 200.0), 10**6),
        Row("engine 2", 2, (500.0, 400.0, 450.0), 3 * 10**6),
    ]
    work = small("logistic", "bfloat16")
    table = Result("logistic", work, rows, matrix=1e9, memory=1e6, traffic=16_000).table()
    engine = table[2]
    assert engine["images_per_second"] == 450
    assert (engine["lowest"], engine["highest"]) == (400, 500)
    assert engine["over_plain"] == 4.5
    assert engine["over_careful"] == 2.25
    assert engine["runs_per_hour"] == 3600 * 450 / (2 * TRAINING_IMAGES)
    assert engine["seconds_per_1000_runs"] == 1000 * 2 * TRAINING_IMAGES / 450
    assert engine["share_of_matrix"] == 450 * flops("logistic", *SHAPE, training=True) / 1e9
    assert engine["share_of_memory"] == 450 * 1000 / 1e6
    assert [row["precision"] for row in table] == ["float32", "bfloat16", "bfloat16"]
    lines = report.text(table).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "4.50" in lines[3]


def test_an_unknown_workload_is_refused_before_any_work() -> None:
    with pytest.raises(InputError, match="no workload 'vgg'"):
        report.bench(["vgg"], ["float32"], "cpu", 1, 0.1, None)


@pytest.mark.parametrize(("found", "warned"), [(0.4, False), (1.1, True)])
def test_a_busy_machine_is_told_of(
    found: float,
    warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (found, 9.0, 9.0))
    monkeypatch.setattr("nagbench.benchmark.progress.cores", lambda: 4)
    assert load() == found
    assert ("others use 1.1 of 4 cores" in capsys.readouterr().err) == warned


def test_all_compete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nagbench.benchmark.tournament.LANES", (1,))
    monkeypatch.setitem(report.WORKLOADS, "tiny_cnn", small())
    output = tmp_path / "bench.json"
    report.bench(["tiny_cnn"], ["float32"], "cpu", 4, 0.0, output)
    kept = json.loads(output.read_text())
    assert [row["way"] for row in kept["rows"]] == [
        "plain", "careful", "engine 1", "convolutions 1",
    ]  # fmt: skip
    assert all(row["images_per_second"] > 0 and row["megabytes"] > 50 for row in kept["rows"])
    # There was no time: three rounds of the shortest turns.
    assert [row["rounds"] for row in kept["rows"]] == [3] * 4
    said = capsys.readouterr()
    assert "tiny_cnn float32: 4 ways each, in 4 turns, about 0 seconds\n" in said.err
    assert "turn 3 of 4" in said.err
    assert "turn 4 of 4" not in said.err
    assert kept["command"] == (
        "nagbench bench tiny_cnn --device cpu --rounds 4 --minutes 0 --precision float32"
    )
    assert {"torch", "device", "load"} <= kept["machine"].keys()


def test_an_optimizers_cost_is_told_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ("sgd", "nag", "nesterov_1983", "adam", "adagrad", "soap", "nesterov_armijo")
    monkeypatch.setattr(
        "nagbench.benchmark.optimizers.CATALOGUE", {name: CATALOGUE[name] for name in wanted}
    )
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    rows = {row["optimizer"]: row for row in costs("tiny_cnn", "cpu", 2)}
    assert rows["sgd"]["over_sgd"] == 1
    assert rows["sgd"]["bytes"] == 0
    # Four bytes for each tensor of the parameters' size; a number or two more for the counts.
    assert 4 <= rows["nag"]["bytes"] < 4.1
    assert 8 <= rows["adam"]["bytes"] < 8.1
    capturable = {name: row["capturable"] for name, row in rows.items()}
    assert capturable == {
        "sgd": True,
        "nag": True,
        "nesterov_1983": True,
        "adam": True,
        "adagrad": False,
        "soap": None,
        "nesterov_armijo": False,
    }
    assert "pip install pytorch-optimizer" in rows["soap"]["missing"]
    twice = dataclasses.replace(CATALOGUE["sgd"], name="twice", create_graph=True)
    monkeypatch.setattr(
        "nagbench.benchmark.optimizers.CATALOGUE", {"sgd": CATALOGUE["sgd"], "twice": twice}
    )
    assert "differentiates" in costs("tiny_cnn", "cpu", 1)[1]["missing"]
    assert len(cost_table(list(rows.values())).splitlines()) == 1 + len(wanted)
