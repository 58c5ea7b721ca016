"""What is kept on the disk: read back as it was written, or not at all."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nagbench.data.images import ImageSet
from nagbench.engine.run import LiveRun
from nagbench.files import DamagedError, read_sealed, write_sealed
from nagbench.runner.checkpoint import Checkpoint
from nagbench.runner.store import Store
from small_runs import CPU, placed, recipe_of, trained

FLIPPED_CHECKPOINTS, FLIPPED_ENTRIES = 600, 3000


def flips(path: Path, count: int, read: Callable[[], Any]) -> list[int]:
    """Flip one bit after another, at random places; those with which the file was still read."""
    whole, chance, accepted = path.read_bytes(), random.Random(0), []
    for _ in range(count):
        bit = chance.randrange(8 * len(whole))
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        if read() is not None:
            accepted.append(bit)
    path.write_bytes(whole)
    assert read() is not None
    return accepted


def test_no_flipped_bit_of_a_checkpoint_is_resumed_from(tmp_path: Path, images: ImageSet) -> None:
    run = LiveRun(recipe_of("tiny_cnn", "adam"), placed(images), CPU)
    trained(run)
    checkpoint = Checkpoint(tmp_path / "run.checkpoint")
    checkpoint.save(run.state())
    assert flips(checkpoint.path, FLIPPED_CHECKPOINTS, lambda: checkpoint.load(CPU)) == []


def test_no_flipped_bit_of_a_finished_run_is_taken(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("ab12", {"status": "finished", "curve_train_loss": [2.3, 1.7, 1.25]})
    (path,) = tmp_path.rglob("*.json")
    assert flips(path, FLIPPED_ENTRIES, lambda: store.get("ab12")) == []


@pytest.mark.parametrize("length", [0, 1, 40, 80, 100])
def test_a_file_cut_short_is_damaged(tmp_path: Path, length: int) -> None:
    path = tmp_path / "file"
    write_sealed(path, b"content " * 10)
    assert read_sealed(path) == b"content " * 10
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedError):
        read_sealed(path)


def test_a_checkpoint_that_names_code_runs_none(tmp_path: Path) -> None:
    """A seal says that bits are as they were written, not who wrote them."""

    class Evil:
        def __reduce__(self) -> Any:
            return (tmp_path / "written").touch, ()

    checkpoint = Checkpoint(tmp_path / "run.checkpoint")
    checkpoint.save({"model": Evil()})
    assert checkpoint.load(CPU) is None
    assert not (tmp_path / "written").exists()
    checkpoint.save({"model": torch.ones(2)})
    assert checkpoint.load(CPU) is not None
