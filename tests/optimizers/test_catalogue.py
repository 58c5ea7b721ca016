"""What every optimizer of the catalogue must pass, without being named here."""

import copy
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.entry import FAMILIES, SYMMETRIES, Optimizer, check_setting
from nagbench.search import Domain

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)


CURVATURE = torch.tensor([[1.0, 0.2, 0.0], [0.2, 0.5, 0.1], [0.0, 0.1, 0.1]]).double()
START = torch.tensor([1.0, 2.0, -0.5]).double()
# Rates at which a method moves on this bowl, where its default is for networks.
RATES = {"lion": 0.01, "gradient_scaling": 0.1, "dowg": 1.0, "exp_rate": 3.0, "lbfgs": 1.0,
         "nesterov_armijo": 1.0, "prodigy": 1.0, "dadapt_sgd": 1.0, "dadapt_adam": 1.0}  # fmt: skip
FAILS = {"gradient_scaling", "gradient_scaling_up"}  # as its article has it


class Bowl:
    """A quadratic, and a method on it: coordinates may be rotated, and the loss multiplied."""

    def __init__(
        self,
        row: Optimizer,
        settings: dict[str, object],
        *,
        rotation: torch.Tensor | None = None,
        factor: float = 1.0,
        dtype: torch.dtype = torch.float64,
        groups: int = 1,
    ) -> None:
        turn = torch.eye(3, dtype=torch.float64) if rotation is None else rotation
        self.curvature = (factor * turn @ CURVATURE @ turn.T).to(dtype)
        start = (turn @ START).to(dtype)
        self.parameters = [torch.nn.Parameter(part.clone()) for part in start.chunk(groups)]
        given = self.parameters if groups == 1 else [{"params": [p]} for p in self.parameters]
        self.row = row
        self.optimizer: Any = row.build(given, settings)

    def loss(self) -> torch.Tensor:
        point = torch.cat(self.parameters)
        return 0.5 * point @ self.curvature @ point

    def steps(self, count: int) -> torch.Tensor:
        def closure() -> torch.Tensor:
            self.optimizer.zero_grad()
            loss = self.loss()
            loss.backward()
            return loss

        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        for _ in range(count):
            if self.row.closure:
                self.optimizer.step(closure)
            else:
                closure()
                self.optimizer.step()
        return torch.cat(self.parameters).detach().clone()


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    """torch keeps step counts and products of momenta in its default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def small(row: Optimizer) -> dict[str, object]:
    return {**row.defaults, "lr": RATES.get(row.name, min(row.defaults["lr"], 0.05))}


@ROWS
def test_the_row_is_complete(row: Optimizer) -> None:
    assert row.label
    assert row.family in FAMILIES
    assert set(row.symmetries) <= set(SYMMETRIES)
    bibliography = Path("paper/references.bib").read_text(encoding="utf-8")
    assert re.search(rf"@\w+\{{{row.citation},", bibliography), row.citation
    assert "lr" in row.space
    for axis, domain in row.space.items():
        assert domain.problem() is None
        assert domain.low <= row.defaults[axis] <= domain.high
        check_setting(row.name, axis, [domain.low, domain.high])
    for name, value in row.defaults.items():
        check_setting(row.name, name, value)


@ROWS
def test_defaults_construct_and_descend(row: Optimizer) -> None:
    bowl = Bowl(row, small(row))
    before = float(bowl.loss().detach())
    bowl.steps(100)
    assert (float(bowl.loss().detach()) < before) == (row.name not in FAILS)


@ROWS
def test_saved_and_restored_it_goes_on_bit_identically(row: Optimizer) -> None:
    # In float32, as runs train: torch's NAdam restores one of its numbers in the parameters' type.
    # Shampoo's root of a matrix fails in float32 on so small a problem.
    dtype = torch.float64 if row.name == "shampoo" else torch.float32
    torch.set_default_dtype(dtype)
    first, twin = (Bowl(row, small(row), dtype=dtype) for _ in range(2))
    first.steps(5)
    with torch.no_grad():
        for mine, theirs in zip(twin.parameters, first.parameters, strict=True):
            mine.copy_(theirs)
    twin.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))
    torch.testing.assert_close(first.steps(20), twin.steps(20), rtol=0, atol=0, equal_nan=True)


@ROWS
def test_at_a_zero_gradient_nothing_moves(row: Optimizer) -> None:
    bowl = Bowl(row, small(row))
    with torch.no_grad():
        bowl.parameters[0].zero_()
    moved = bowl.steps(3)
    if row.name == "nad_weight":  # its u begins at 1 and asks no gradient to move
        assert moved.abs().sum() > 0
    elif row.name.startswith("gradient_scaling"):  # 0/0: its factor is of the weights
        assert moved.isnan().any()
    else:
        assert torch.equal(moved, torch.zeros(3))


@ROWS
def test_it_keeps_as_many_tensors_as_declared(row: Optimizer) -> None:
    bowl = Bowl(row, small(row))
    bowl.steps(2)
    kept = [
        value
        for state in bowl.optimizer.state.values()
        for entry in state.values()
        for value in (entry.values() if isinstance(entry, dict) else [entry])
        if isinstance(value, torch.Tensor) and value.shape == (3,)
    ]
    if row.memory is not None:
        assert len(kept) == row.memory


def having(symmetry: str) -> pytest.MarkDecorator:
    names = [name for name, row in CATALOGUE.items() if symmetry in row.symmetries]
    return pytest.mark.parametrize("row", [CATALOGUE[name] for name in names], ids=names)


@having("rotation")
@given(angles=st.tuples(*[st.floats(-3, 3)] * 3))
@settings(max_examples=5, deadline=None)
def test_rotated_coordinates_rotate_the_path(row: Optimizer, angles: tuple[float, ...]) -> None:
    turn = torch.eye(3)
    for n, angle in enumerate(angles):
        plane = torch.eye(3)
        i, j = n, (n + 1) % 3
        plane[i, i] = plane[j, j] = math.cos(angle)
        plane[i, j], plane[j, i] = -math.sin(angle), math.sin(angle)
        turn = turn @ plane
    plain, turned = (Bowl(row, small(row), rotation=r).steps(10) for r in (None, turn))
    torch.testing.assert_close(turned, turn @ plain, rtol=1e-6, atol=1e-9)


def test_adam_knows_its_axes() -> None:
    """The property above can fail."""
    turn = torch.tensor([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1.0]])
    row = CATALOGUE["adam"]
    plain, turned = (Bowl(row, small(row), rotation=r).steps(10) for r in (None, turn))
    assert (turned - turn @ plain).abs().max() > 1e-3


@having("rate")
@given(factor=st.floats(0.01, 100))
@settings(max_examples=5, deadline=None)
def test_a_multiplied_loss_asks_for_a_divided_rate(row: Optimizer, factor: float) -> None:
    chosen = small(row)
    plain = Bowl(row, chosen).steps(10)
    scaled = Bowl(row, {**chosen, "lr": chosen["lr"] / factor}, factor=factor).steps(10)  # type: ignore[operator]
    torch.testing.assert_close(scaled, plain, rtol=1e-6, atol=1e-9)


@having("loss")
@given(factor=st.floats(0.1, 100))
@settings(max_examples=5, deadline=None)
def test_a_multiplied_loss_changes_next_to_nothing(row: Optimizer, factor: float) -> None:
    """Up to the epsilon that keeps these methods from dividing by zero."""
    plain, scaled = (Bowl(row, small(row), factor=f).steps(10) for f in (1.0, factor))
    torch.testing.assert_close(scaled, plain, rtol=1e-4, atol=1e-5)


@ROWS
def test_one_step_in_two_groups_is_that_of_each_alone(row: Optimizer) -> None:
    """What a method takes over a group's parameters it takes over that group alone."""
    if row.matrices or row.name in ("lbfgs", "nesterov_armijo"):
        with pytest.raises(InputError if row.name == "nesterov_armijo" else Exception):
            Bowl(row, small(row), groups=3).steps(1)
        return
    assert Bowl(row, small(row), groups=3).steps(3).shape == (3,)


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
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = own(f"{file}:Own").build([parameter], {"lr": 0.5})
    parameter.grad = parameter.detach() * torch.tensor([1.0, 0.1])
    optimizer.step()
    assert torch.allclose(parameter, torch.tensor([0.5, -1.9]))


def test_a_setting_that_the_class_does_not_know_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"beta.*allowed: .*lr"):
        own("torch.optim:SGD").build([torch.nn.Parameter(torch.zeros(2))], {"lr": 0.1, "beta": 1})


class NeedsClosure(torch.optim.SGD):
    def step(self, closure):  # type: ignore[no-untyped-def]
        return super().step(closure)


class TakesNone(torch.optim.SGD):
    def step(self):  # type: ignore[no-untyped-def]
        return super().step()


@pytest.mark.parametrize(
    ("name", "closure", "words"),
    [("NeedsClosure", False, "needs a closure"), ("TakesNone", True, "takes no closure")],
)
def test_closures_that_are_wanted_and_not_given_are_one_clear_error(
    name: str, closure: bool, words: str
) -> None:
    row = replace(own(f"{__name__}:{name}"), closure=closure)
    with pytest.raises(InputError, match=words):
        row.load()
    replace(row, closure=not closure).load()


def test_hidden_matrices_get_a_group_of_their_own() -> None:
    shapes = [(6, 3, 3, 3), (6,), (12, 6, 3, 3), (12,), (10, 768), (10,)]
    parameters = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    groups = CATALOGUE["muon"].build(parameters, {"lr": 0.02}).param_groups
    assert [[tuple(p.shape) for p in group["params"]] for group in groups] == [
        [shapes[0], shapes[2]],
        [shapes[1], shapes[3], shapes[4], shapes[5]],
    ]


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(InputError, match="pip install pytorch-optimizer"):
        CATALOGUE["lion"].load()


def test_a_class_of_ours_is_traced_to_all_its_files() -> None:
    files = sorted(path.name for path in CATALOGUE["restart_gradient"].source_files())
    assert files == ["adaptive_restart.py", "nesterov_1983.py", "rule.py"]
    assert CATALOGUE["lion"].source_files() == []


def test_a_formula_is_the_docstrings_own() -> None:
    assert CATALOGUE["exp_rate"].formula() == r"\theta \leftarrow \theta - e^{-\eta} g"
    assert CATALOGUE["nad_weight"].formula().startswith(r"u \leftarrow (1 - \beta) u")
    assert CATALOGUE["adam"].formula() == ""
