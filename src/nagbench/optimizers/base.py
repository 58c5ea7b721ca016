"""What the optimizers written here share: closure, coupled weight decay, state on the device.

A step changes nothing on the host and never waits for the device, so that it can be captured in a
CUDA graph and replayed. What a step leaves behind lies in `state` or `param_groups`, so
`state_dict()` holds all of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor


class GroupStep(NamedTuple):
    """A step of one parameter group, as `FormulaOptimizer.update` is given it.

    Attributes:
        parameters: Those of the group that have a gradient.
        gradients: One for each, coupled weight decay added.
        group: The group's settings by name, and all its parameters under `params`.
        loss: What the closure returned; None if there was none.
    """

    parameters: list[Tensor]
    gradients: list[Tensor]
    group: dict[str, Any]
    loss: Tensor | None


class KeptState(torch.optim.Optimizer):
    """State that a step can keep on the device, where `state_dict()` finds it."""

    def state_tensors(
        self,
        parameters: list[Tensor],
        name: str,
        initial: Callable[[Tensor], Tensor] = torch.zeros_like,
    ) -> list[Tensor]:
        """The state `name` of each parameter; at first what `initial` makes of the parameter."""
        for parameter in parameters:
            if name not in self.state[parameter]:
                self.state[parameter][name] = initial(parameter)
        return [self.state[parameter][name] for parameter in parameters]

    def group_scalar(self, group: dict[str, Any], name: str, initial: float) -> Tensor:
        """A number of the group as a tensor of no dimension, on the device.

        It is state of the group's first parameter, whether or not that one has a gradient in this
        step, so that there is one.
        """
        first = group["params"][0]
        state = self.state[first]
        if name not in state:
            state[name] = first.new_full((), initial)
        scalar: Tensor = state[name]
        return scalar


class FormulaOptimizer(KeptState, ABC):
    """An optimizer that is one formula on all parameters of a group: its `update`.

    Class attribute `decay` says what weight decay is: `coupled`, λθ added to the gradient as in
    torch's `SGD`; `decoupled`, θ shrunk by ηλ before the step; or `own`, where the formula has a
    place for it.

    Args:
        params: Parameters, or groups of them as dicts.
        lr: Learning rate; a tensor where a captured step must read it.
        weight_decay: λ.
        settings: Those of the formula, which each group holds by name.
    """

    decay: ClassVar[str] = "coupled"

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor, weight_decay: float = 0.0, **settings: Any
    ) -> None:
        check_range("lr", lr, 0)
        check_range("weight_decay", weight_decay, 0)
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **settings})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; returns what the closure did, which evaluates the loss and its gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            gradients = [p.grad for p in parameters]
            if group["weight_decay"] and self.decay == "coupled":
                gradients = list(
                    torch._foreach_add(gradients, parameters, alpha=group["weight_decay"])
                )
            elif group["weight_decay"] and self.decay == "decoupled":
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            self.update(GroupStep(parameters, gradients, group, loss))
        return loss

    @abstractmethod
    def update(self, step: GroupStep) -> None:
        """Move the parameters of a group, in place and without a gradient of its own."""


class LookAhead(torch.optim.Optimizer):
    """Takes gradients ahead of the point that is proposed.

    The model's parameters are the look-ahead point, where gradients are taken. `eval()` puts the
    proposed point into the model, `train()` the look-ahead point back. Setting `look_ahead` of each
    group says which of the two the model holds.
    """

    def eval(self) -> None:
        """Put the proposed points into the model."""
        self._move(look_ahead=False)

    def train(self) -> None:
        """Put the look-ahead points into the model."""
        self._move(look_ahead=True)

    @torch.no_grad()
    def _move(self, look_ahead: bool) -> None:
        for group in self.param_groups:
            if group["look_ahead"] != look_ahead:
                self.exchange(group)
                group["look_ahead"] = look_ahead

    def exchange(self, group: dict[str, Any]) -> None:
        """Put the other of the two points into the model: here, swap parameters and `point`."""
        for parameter in group["params"]:
            if "point" in self.state[parameter]:
                other = self.state[parameter]["point"]
                held = parameter.clone()
                parameter.copy_(other)
                other.copy_(held)


class LookAheadOptimizer(LookAhead, FormulaOptimizer):
    """A formula that takes gradients ahead of the point that it proposes."""

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor, weight_decay: float = 0.0, **settings: Any
    ) -> None:
        super().__init__(params, lr, weight_decay, look_ahead=True, **settings)

    def proposed_points(self, parameters: list[Tensor]) -> list[Tensor]:
        """State `point`: the points proposed so far, at first the parameters themselves."""
        return self.state_tensors(parameters, "point", lambda p: p.detach().clone())


def scalar_like(value: float | Tensor, like: Tensor) -> Tensor:
    """A number as a tensor of no dimension with the type and device of `like`.

    One that the host has is filled in there: copying it from the host could not be captured.
    """
    if isinstance(value, Tensor):
        return value.to(like)
    return like.new_full((), value)


def inner_product(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """The inner product over all tensors, as a tensor of no dimension on their device."""
    return torch.stack([(a * b).sum() for a, b in zip(first, second, strict=True)]).sum()


def check_range(
    name: str, value: Any, low: float, high: float = float("inf"), ends: str = "[)"
) -> None:
    """Refuse a setting outside an interval; a square bracket in `ends` admits that end itself."""
    above = value >= low if ends[0] == "[" else value > low
    below = value <= high if ends[1] == "]" else value < high
    if not (above and below):
        raise ValueError(f"{name} must be in {ends[0]}{low:g}, {high:g}{ends[1]}: {value}")
