"""What every optimizer of the catalogue must pass, without being named here."""

import copy
import re
from pathlib import Path

import pytest
import torch

from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE, FAMILIES, Optimizer, check_setting
from nagbench.search import Domain

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)


def quadratic(parameter: torch.Tensor) -> torch.Tensor:
    return 0.5 * (torch.tensor([1.0, 0.1], dtype=parameter.dtype) * parameter**2).sum()


def steps(
    optimizer: torch.optim.Optimizer, parameter: torch.nn.Parameter, count: int
) -> torch.Tensor:
    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = quadratic(parameter)
        loss.backward()
        return loss

    for _ in range(count):
        closure()
        optimizer.step(closure)  # type: ignore[arg-type]
    return parameter.detach().clone()


def start() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))


@ROWS
def test_the_row_is_complete(row: Optimizer) -> None:
    assert row.label
    assert row.family in FAMILIES
    bibliography = Path("paper/references.bib").read_text(encoding="utf-8")
    assert re.search(rf"@\w+\{{{row.citation},", bibliography), row.citation
    for axis, domain in row.space.items():
        assert domain.problem() is None
        assert domain.low <= row.defaults[axis] <= domain.high
    for name, value in row.defaults.items():
        check_setting(row.name, name, value)


@ROWS
def test_defaults_construct_and_descend(row: Optimizer) -> None:
    parameter = start()
    optimizer = row.build([parameter], {**row.defaults, "lr": 0.01})
    before = quadratic(parameter.detach().clone())
    assert quadratic(steps(optimizer, parameter, 100)) < before


@ROWS
def test_saved_and_restored_it_goes_on_bit_identically(row: Optimizer) -> None:
    # In float32, as runs train: torch's NAdam restores one of its numbers in the parameters' type,
    # so in float64 it goes on a rounding apart.
    parameter = torch.nn.Parameter(start().detach().float())
    optimizer = row.build([parameter], row.defaults)
    steps(optimizer, parameter, 5)
    twin = torch.nn.Parameter(parameter.detach().clone())
    restored = row.build([twin], row.defaults)
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert torch.equal(steps(optimizer, parameter, 20), steps(restored, twin, 20))


@ROWS
def test_at_a_zero_gradient_nothing_moves(row: Optimizer) -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    optimizer = row.build([parameter], row.defaults)
    assert torch.equal(steps(optimizer, parameter, 3), torch.zeros(2))


def own(reference: str) -> Optimizer:
    return Optimizer("own", "own", reference, "yours", "", {"lr": 0.1}, {"lr": Domain(0.01, 1)})


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no.such.module:Own", "cannot be imported"),
        ("torch.optim:Own", "Own is missing"),
        ("torch.nn:Linear", "Linear is no optimizer"),
    ],
)
def test_a_class_that_will_not_do_is_one_clear_error(reference: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        own(reference).load()


def test_a_file_that_fails_to_import_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("raise RuntimeError('broken on purpose')\n")
    with pytest.raises(InputError, match="broken on purpose"):
        own(f"{file}:Own").load()


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        own(f"{tmp_path / 'own.py'}:Own").definition()


def test_a_file_of_ones_own_trains(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("import torch\n\n\nclass Own(torch.optim.SGD):\n    pass\n")
    parameter = start()
    steps(own(f"{file}:Own").build([parameter], {"lr": 0.5}), parameter, 1)
    assert torch.allclose(parameter, torch.tensor([0.5, -1.9], dtype=torch.float64))


def test_a_setting_that_the_class_does_not_know_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"beta.*allowed: .*lr"):
        own("torch.optim:SGD").build([start()], {"lr": 0.1, "beta": 1})
