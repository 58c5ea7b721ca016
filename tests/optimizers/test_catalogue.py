"""What every optimizer of the catalogue must pass, without being named here."""

import copy
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import make, recipe_of

from nagbench.engine import build, numerics
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.setting_bounds import check_setting
from nagbench.optimizers.spec import FAMILIES, SYMMETRIES, OptimizerSpec

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)

CURVATURE = torch.tensor([[1.0, 0.2, 0.0], [0.2, 0.5, 0.1], [0.0, 0.1, 0.1]]).double()
START = torch.tensor([1.0, 2.0, -0.5]).double()
# Rates at which a method moves on this bowl, where its default is for networks.
RATES = {
    "lion": 0.01,
    "gradient_scaling": 0.1,
    "exp_rate": 3.0,
    "adahessian": 1e-4,  # its curvatures may cancel here
    **dict.fromkeys(("nesterov_armijo", "nesterov_armijo_anew", "lbfgs", "dowg"), 1.0),
    **dict.fromkeys(("prodigy", "dadapt_sgd", "dadapt_adam"), 1.0),
}
SOON = {"begin": 2, "every": 3}  # so that wrappers do their part within a test
FAILS = {"gradient_scaling", "gradient_scaling_up"}  # as its article has it


class Bowl:
    """A quadratic, and a method on it: coordinates may be rotated, and the loss multiplied."""

    def __init__(
        self,
        row: OptimizerSpec,
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
        self.optimizer: Any = make(row, given, settings)

    def loss(self) -> torch.Tensor:
        point = torch.cat(self.parameters)
        return 0.5 * point @ self.curvature @ point

    def steps(self, count: int) -> torch.Tensor:
        def closure() -> torch.Tensor:
            loss = self.loss()
            if torch.is_grad_enabled():
                self.optimizer.zero_grad()
                loss.backward(create_graph=self.row.create_graph)
            return loss

        numerics.seed(1, count)  # for those that draw numbers
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


def small(row: OptimizerSpec) -> dict[str, object]:
    soon = {name: value for name, value in SOON.items() if name in row.defaults}
    return {**row.defaults, **soon, "lr": RATES.get(row.name, min(row.defaults["lr"], 0.05))}


@ROWS
def test_the_row_is_complete(row: OptimizerSpec) -> None:
    assert row.label
    assert row.family in FAMILIES
    assert set(row.symmetries) <= set(SYMMETRIES)
    bibliography = Path("paper/references.bib").read_text(encoding="utf-8")
    assert re.search(rf"@\w+\{{{row.citation},", bibliography), row.citation
    for domain in row.space.values():
        assert domain.problem() is None
    for name, value in row.defaults.items():
        check_setting(row.name, name, value)


@ROWS
def test_defaults_construct_and_descend(row: OptimizerSpec) -> None:
    bowl = Bowl(row, small(row))
    before = float(bowl.loss().detach())
    bowl.steps(100)
    assert (float(bowl.loss().detach()) < before) == (row.name not in FAILS)


@ROWS
def test_saved_and_restored_it_goes_on_bit_identically(row: OptimizerSpec) -> None:
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
def test_at_a_zero_gradient_nothing_moves(row: OptimizerSpec) -> None:
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
def test_it_keeps_as_many_tensors_as_declared(row: OptimizerSpec) -> None:
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
def test_rotated_coordinates_rotate_the_path(row: OptimizerSpec, angles: tuple[float, ...]) -> None:
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
def test_a_multiplied_loss_asks_for_a_divided_rate(row: OptimizerSpec, factor: float) -> None:
    chosen = small(row)
    plain = Bowl(row, chosen).steps(10)
    scaled = Bowl(row, {**chosen, "lr": chosen["lr"] / factor}, factor=factor).steps(10)  # type: ignore[operator]
    torch.testing.assert_close(scaled, plain, rtol=1e-6, atol=1e-9)


@having("loss")
@given(factor=st.floats(0.1, 100))
@settings(max_examples=5, deadline=None)
def test_a_multiplied_loss_changes_next_to_nothing(row: OptimizerSpec, factor: float) -> None:
    """Up to the epsilon that keeps these methods from dividing by zero."""
    plain, scaled = (Bowl(row, small(row), factor=f).steps(10) for f in (1.0, factor))
    torch.testing.assert_close(scaled, plain, rtol=1e-4, atol=1e-5)


@ROWS
def test_one_step_in_two_groups_is_that_of_each_alone(row: OptimizerSpec) -> None:
    """What a method takes over a group's parameters it takes over that group alone."""
    searches = row.reference.endswith(":NesterovArmijo")
    if row.matrices or searches or row.name == "lbfgs":
        with pytest.raises(InputError if searches else Exception):
            Bowl(row, small(row), groups=3).steps(1)
        return
    assert Bowl(row, small(row), groups=3).steps(3).shape == (3,)


class Counting(torch.optim.SGD):
    """Counts its steps where `state_dict` does not look."""

    taken = 0

    def step(self) -> None:  # type: ignore[override]
        self.taken += 1


def attributes(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What lies outside `state_dict`, as far as it can be told from something else."""
    plain = (bool, int, float, str, tuple, type(None))
    return {
        name: copy.deepcopy(value) if isinstance(value, plain) else id(value)
        for name, value in vars(optimizer).items()
        # L-BFGS keeps how many weights there are, once it has counted them.
        if name not in ("state", "param_groups", "_numel_cache")
    }


@ROWS
def test_all_that_a_step_changes_is_in_its_state_dict(row: OptimizerSpec) -> None:
    bowl = Bowl(row, small(row))
    before = attributes(bowl.optimizer)
    bowl.steps(3)
    if hasattr(bowl.optimizer, "eval"):
        bowl.optimizer.eval()
    assert attributes(bowl.optimizer) == before


def test_a_counter_outside_the_state_dict_is_found() -> None:
    """The property above can fail."""
    optimizer = Counting([torch.nn.Parameter(torch.zeros(1))])
    before = attributes(optimizer)
    optimizer.step()
    assert attributes(optimizer) != before


@ROWS
def test_saved_at_its_own_point_and_restored_it_goes_on_from_there(row: OptimizerSpec) -> None:
    first, twin = (Bowl(row, small(row)) for _ in range(2))
    if not hasattr(first.optimizer, "eval"):
        return  # its own point is where it takes gradients
    first.steps(5)
    first.optimizer.eval()
    with torch.no_grad():
        for mine, theirs in zip(twin.parameters, first.parameters, strict=True):
            mine.copy_(theirs)
    twin.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))
    assert torch.equal(first.steps(5), twin.steps(5))


@ROWS
def test_it_is_made_the_same_from_json(row: OptimizerSpec) -> None:
    """Plans travel as JSON, which knows no tuples."""
    recipe = recipe_of(row)
    read = Recipe(**json.loads(json.dumps(recipe.definition())))
    assert read.id == recipe.id
    shapes = ((4, 3, 3, 3), (4,), (10, 16), (10,))
    found, expected = (
        build.optimizer(made, [torch.nn.Parameter(torch.ones(shape)) for shape in shapes])
        for made in (read, recipe)
    )
    for one, other in zip(found.param_groups, expected.param_groups, strict=True):
        assert without_parameters(one) == without_parameters(other)
    for name, value in {**row.fixed, **row.defaults}.items():
        assert found.param_groups[0].get(name, value) == value


def without_parameters(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}
