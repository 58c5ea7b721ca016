"""From the command to the backward pass a reader crosses at most five files."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import nagbench
from nagbench.cli import main
from nagbench.data.images import ImageSet, save

PACKAGE = Path(nagbench.__file__).parent
SPY = """
import json, traceback
from pathlib import Path
import torch

class Spy(torch.optim.SGD):
    def zero_grad(self, set_to_none=True):
        files = [frame.filename for frame in traceback.extract_stack()]
        Path(__file__).with_name("stack.json").write_text(json.dumps(files))
        super().zero_grad(set_to_none)
"""
WALK = ["commands/training.py", "runner/unit.py", "runner/many_processes.py",
        "runner/one_process.py", "engine/loop.py"]  # fmt: skip


@pytest.mark.parametrize("which", ["--unit", "--units"])
def test_a_unit_is_followed_through_few_files(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, which: str
) -> None:
    """The gradient is computed right after `zero_grad`, in the function that calls it."""
    (tmp_path / "spy.py").write_text(SPY)
    small["optimizers"]["spy"] = {
        "reference": f"{tmp_path / 'spy.py'}:Spy", "settings": {"lr": 0.1}, "space": {},
    }  # fmt: skip
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    save(images, tmp_path / "data.npz")
    output = {"--unit": ["--output", str(tmp_path / "unit.parquet")], "--units": []}[which]
    command = [
        "train", str(tmp_path / "small.yaml"), which, "tune/tiny/spy", "--device", "cpu",
        "--data", str(tmp_path / "data.npz"), "--results", str(tmp_path / "results"),
        "--store", str(tmp_path / "runs"), *output,
    ]  # fmt: skip
    assert main(command) == 0
    stack = json.loads((tmp_path / "stack.json").read_text())
    ours = {Path(file).relative_to(PACKAGE).as_posix() for file in stack if str(PACKAGE) in file}
    # With `--units` the rest of the way lies in the parent's process.
    assert ours - {"cli.py"} <= set(WALK)
    assert {"runner/one_process.py", "engine/loop.py"} <= ours
    text = (PACKAGE / "engine/loop.py").read_text(encoding="utf-8")
    assert 0 < text.index(".backward(") - text.index("zero_grad(") < 800
    table = Path("ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [f"`{name}`" in table for name in WALK] == [True] * len(WALK)
