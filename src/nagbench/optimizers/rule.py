"""What the optimizers written here share: the closure, coupled decay, state on the device.

A rule changes nothing on the host from one step to the next and never waits for the device, so that
its step can be recorded and replayed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Step(NamedTuple):
    """What a step of a group knows; `loss` is the closure's, if there was one."""

    parameters: list[Tensor]
    gradients: list[Tensor]
    group: dict[str, Any]
    loss: Any


class Rule(torch.optim.Optimizer):
    """A method that is one formula on all parameters of a group: `update`.

    Every method takes `weight_decay`, which adds λθ to the gradient.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor, weight_decay: float = 0.0, **settings: Any
    ) -> None:
        within("lr", lr, 0)
        within("weight_decay", weight_decay, 0)
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **settings})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            gradients = [p.grad for p in parameters]
            if group["weight_decay"]:
                gradients = list(
                    torch._foreach_add(gradients, parameters, alpha=group["weight_decay"])
                )
            self.update(Step(parameters, gradients, group, loss))
        return loss

    def update(self, now: Step) -> None:
        """Move the parameters of a group."""
        raise NotImplementedError

    def remembered(
        self,
        parameters: list[Tensor],
        name: str,
        start: Callable[[Tensor], Tensor] = torch.zeros_like,
    ) -> list[Tensor]:
        """A tensor for each parameter, begun as `start` makes it."""
        for parameter in parameters:
            if name not in self.state[parameter]:
                self.state[parameter][name] = start(parameter)
        return [self.state[parameter][name] for parameter in parameters]

    def number(self, now: Step, name: str, start: float) -> Tensor:
        """A number of the group, on the device; it lives with the group's first parameter.

        With that one whether or not it has a gradient in this step, so that there is one number.
        """
        first = now.group["params"][0]
        state = self.state[first]
        if name not in state:
            state[name] = first.new_full((), start)
        number: Tensor = state[name]
        return number


class LookAhead(Rule):
    """A method that takes gradients ahead of the point that it proposes.

    The model's parameters are the point of the gradient; state `point` is the one proposed.
    `eval()` puts that one into the model, `train()` the other back.
    """

    _ahead = True

    def points(self, parameters: list[Tensor]) -> list[Tensor]:
        """The points proposed so far, at first the parameters themselves."""
        return self.remembered(parameters, "point", lambda p: p.detach().clone())

    def eval(self) -> None:
        """Put the proposed points into the model."""
        self._exchange(ahead=False)

    def train(self) -> None:
        """Put the points at which gradients are taken into the model."""
        self._exchange(ahead=True)

    @torch.no_grad()
    def _exchange(self, ahead: bool) -> None:
        if ahead == self._ahead:
            return
        self._ahead = ahead
        for group in self.param_groups:
            for parameter in group["params"]:
                if "point" in self.state[parameter]:
                    other = self.state[parameter]["point"]
                    kept = parameter.clone()
                    parameter.copy_(other)
                    other.copy_(kept)


def inner(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """The inner product over all tensors, a number on the device."""
    return torch.stack([(a * b).sum() for a, b in zip(first, second, strict=True)]).sum()


def within(
    name: str, value: Any, low: float, high: float = float("inf"), *, high_too: bool = False
) -> None:
    """Refuse a setting outside [low, high), or [low, high] if `high_too`."""
    if not (low <= value < high or (high_too and value == high)):
        end = "]" if high_too else ")"
        raise ValueError(f"{name} must be in [{low:g}, {high:g}{end}: {value}")
