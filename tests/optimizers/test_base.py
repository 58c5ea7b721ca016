"""What the optimizers written here share."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from nagbench.optimizers.base import (
    FormulaOptimizer,
    GroupStep,
    LookAheadOptimizer,
    check_range,
    inner_product,
)
from nagbench.optimizers.mass import MaSS
from nagbench.optimizers.nag_sutskever import NAGSutskever
from nagbench.optimizers.sgdn_hd import SGDNHD


class Noting(FormulaOptimizer):
    """Notes what `update` is given and moves nothing."""

    def __init__(self, params: Any, **settings: Any) -> None:
        super().__init__(params, 0.1, **settings)
        self.given: list[GroupStep] = []

    def update(self, step: GroupStep) -> None:
        self.given.append(step)


def parameters(count: int) -> list[torch.nn.Parameter]:
    made = [torch.nn.Parameter(torch.full((2,), float(n + 1))) for n in range(count)]
    for parameter in made:
        parameter.grad = torch.ones(2)
    return made


@pytest.mark.parametrize("kind", [FormulaOptimizer, LookAheadOptimizer])
def test_without_a_formula_there_is_no_optimizer(kind: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="update"):
        kind(parameters(1), 0.1)


def test_update_is_given_what_has_a_gradient_group_by_group() -> None:
    first, second, third = parameters(3)
    second.grad = third.grad = None
    optimizer = Noting([{"params": [first, second]}, {"params": [third]}])
    optimizer.step()
    (step,) = optimizer.given
    assert step.parameters == [first]
    assert step.group is optimizer.param_groups[0]
    assert step.loss is None


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_weight_decay_is_added_to_a_gradient_that_itself_stays(decay: float) -> None:
    (parameter,) = parameters(1)
    optimizer = Noting([parameter], weight_decay=decay)
    optimizer.step()
    assert torch.equal(optimizer.given[0].gradients[0], torch.full((2,), 1 + decay))
    assert parameter.grad is not None
    assert torch.equal(parameter.grad, torch.ones(2))


@pytest.mark.parametrize(("kind", "left"), [("decoupled", 1 - 0.1 * 0.5), ("own", 1.0)])
def test_weight_decay_beside_the_gradient_leaves_it_alone(kind: str, left: float) -> None:
    (parameter,) = parameters(1)
    optimizer = type("Other", (Noting,), {"decay": kind})([parameter], weight_decay=0.5)
    optimizer.step()
    assert torch.equal(optimizer.given[0].gradients[0], torch.ones(2))
    assert torch.equal(parameter, torch.full((2,), left))


def test_a_closure_is_evaluated_once_with_gradients_on_and_its_loss_handed_on() -> None:
    (parameter,) = parameters(1)
    optimizer = Noting([parameter])
    calls = []

    def closure() -> torch.Tensor:
        calls.append(torch.is_grad_enabled())
        return parameter.sum()

    loss = optimizer.step(closure)
    assert calls == [True]
    assert optimizer.given[0].loss is loss


def test_a_groups_scalar_stays_one_when_gradients_come_and_go() -> None:
    first, second = parameters(2)
    optimizer = SGDNHD([first, second], lr=0.1)
    for gradient in (None, torch.ones(2)):
        first.grad, second.grad = gradient, torch.ones(2)
        optimizer.step()
    scalars = [state["learned"] for state in optimizer.state.values() if "learned" in state]
    assert len(scalars) == 1


@pytest.mark.parametrize("kind", [MaSS, NAGSutskever])
def test_looking_at_the_proposed_point_twice_is_looking_once(kind: Callable[..., Any]) -> None:
    (parameter,) = parameters(1)
    optimizer = kind([parameter], lr=0.25)  # so that moving there and back is exact
    for _ in range(2):
        optimizer.step()
    ahead = parameter.detach().clone()
    optimizer.train()
    assert torch.equal(parameter, ahead)
    optimizer.eval()
    proposed = parameter.detach().clone()
    assert not torch.equal(proposed, ahead)
    optimizer.eval()
    assert torch.equal(parameter, proposed)
    optimizer.train()
    torch.testing.assert_close(parameter.detach(), ahead, rtol=1e-6, atol=0)


def test_the_inner_product_is_over_all_tensors() -> None:
    first = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])]
    second = [torch.tensor([4.0, -5.0]), torch.tensor([[6.0]])]
    assert float(inner_product(first, second)) == 4 - 10 + 18


@pytest.mark.parametrize("ends", ["[]", "[)", "(]", "()"])
def test_a_range_admits_the_ends_that_it_says(ends: str) -> None:
    def refused(value: float) -> bool:
        try:
            check_range("momentum", value, 0, 1, ends)
        except ValueError:
            return True
        return False

    assert refused(0) == (ends[0] == "(")
    assert refused(1) == (ends[1] == ")")
    assert refused(math.nextafter(0, -1))
    assert not refused(math.nextafter(0, 1))
    assert not refused(math.nextafter(1, 0))
    assert refused(math.nextafter(1, 2))
    assert refused(math.nan)


def test_a_refusal_says_the_name_the_range_and_the_value() -> None:
    with pytest.raises(ValueError, match=r"^momentum must be in \[0, 1\): 1$"):
        check_range("momentum", 1, 0, 1)
