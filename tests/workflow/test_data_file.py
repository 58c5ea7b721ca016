"""A data file of the user's, named by `--config cifar10=FILE` as the documentation says."""

import hashlib
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from checkout import MICRO, Checkout, check_out
from PIL import Image

from nagbench.data.images import load

NAME = "it's my data.npz"
TRAIN, TEST = 60, 20


def write_jpegs(path: Path) -> np.ndarray:
    """CIFAR-10's second format, with a few images; those to train on as they are decoded."""
    noise = np.random.default_rng(0)
    arrays = {"class_names": np.array([f"class {n}" for n in range(10)])}
    decoded = []
    for part, count in (("train", TRAIN), ("test", TEST)):
        files = []
        for pixels in noise.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8):
            stream = io.BytesIO()
            Image.fromarray(pixels.repeat(8, 0).repeat(8, 1)).save(stream, "JPEG", quality=75)
            files.append(np.frombuffer(stream.getvalue(), np.uint8))
            if part == "train":
                decoded.append(np.asarray(Image.open(stream)))
        arrays[f"{part}_jpeg"] = np.concatenate(files)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{part}_labels"] = (np.arange(count) % 10).astype(np.uint8)
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return np.array(decoded)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy whose CIFAR-10 has a few images, that knows the small file's checksum."""
    made = check_out(tmp_path / "checkout")
    file = made.folder / NAME
    images = write_jpegs(file)
    package = made.folder / "src/nagbench/data"
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    replace(package / "cifar10.py", "EDITIONS = {", f'EDITIONS = {{"{checksum}": RECOMPRESSED,')
    replace(package / "cifar10.py", "train=50_000", f"train={TRAIN}")
    replace(package / "cifar10.py", "test=10_000", f"test={TEST}")
    for name, values in (("mean", images.mean((0, 1, 2))), ("deviation", images.std((0, 1, 2)))):
        text = (package / "cifar10.py").read_text(encoding="utf-8")
        stated = re.search(rf"^    {name}=.*$", text, re.MULTILINE)
        assert stated
        replace(package / "cifar10.py", stated[0], f"    {name}={tuple(values.tolist())},")
    tiny = {**MICRO["workloads"]["tiny"], "batch_size": 8, "train_size": 40}
    study = {**MICRO, "data": "cifar10", "validation_size": 20, "workloads": {"tiny": tiny}}
    (made.folder / "small-cifar.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return made


def test_a_dry_run_takes_the_file(checkout: Checkout) -> None:
    ended = checkout.run("--dry-run", "-p", "figures", study="small-cifar.yaml", cifar10=NAME)
    assert ended.returncode == 0, ended.stdout
    quoted = "'it'\"'\"'s my data.npz'"
    assert f"nagbench data cifar10 --source {quoted} --output" in ended.stdout


def test_without_the_file_there_is_no_source(checkout: Checkout) -> None:
    ended = checkout.run("--dry-run", "-p", "figures", study="small-cifar.yaml")
    assert ended.returncode == 0, ended.stdout
    assert "nagbench data cifar10 --output" in " ".join(ended.stdout.split())


def test_a_study_is_trained_on_the_file(checkout: Checkout) -> None:
    target = "results/small-cifar/records/runs.parquet"
    ended = checkout.run(target, study="small-cifar.yaml", cifar10=NAME)
    assert ended.returncode == 0, ended.stdout
    images = load(checkout.folder / "results/data/cifar10.npz")
    assert images.edition == "CIFAR-10 (JPEG-75)"
    assert len(images.train_labels) == TRAIN
    assert (checkout.folder / target).is_file()


@pytest.mark.slow
def test_another_file_makes_the_data_anew(checkout: Checkout) -> None:
    made = "results/data/cifar10.npz"
    assert checkout.run(made, study="small-cifar.yaml", cifar10=NAME).returncode == 0
    shutil.copy(checkout.folder / NAME, checkout.folder / "copy.npz")
    with (checkout.folder / "copy.npz").open("ab") as file:
        file.write(b"damaged")
    ended = checkout.run(made, study="small-cifar.yaml", cifar10="copy.npz")
    assert ended.returncode != 0
    assert "unknown checksum" in (checkout.folder / "results/small-cifar/logs/data.log").read_text()
