"""Nesterov's method with a line search (Vaswani et al., 2019): the fifth article as intended."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, check_range
from nagbench.optimizers.nesterov_1983 import Nesterov1983

_LAST_RESORT = 1e-6


class NesterovArmijo(Nesterov1983):
    r"""`Nesterov1983` whose rate a batch's own loss approves.

    .. math:: f(y - \eta g) \le f(y) - c \eta \|g\|^2

    Beginning at `lr` in each step, η is multiplied by `backtrack` until this holds; where it does
    not in `tries`, the step is taken with 1e-6, as in the authors' code. c = ½ is what Nesterov's
    proof asks for; smaller ones accept steps that momentum then carries too far.

    Its neighbours: the steps are those of `Nesterov1983` at the rate found. Beginning anew each
    time costs more evaluations than the article's other ways, which remember the last rate, and
    depends on nothing that came before; the proof wants rates that never grow, which this gives up.

    The closure evaluates loss and gradient; each call counts. All parameters share one rate and are
    judged at x. The search waits for each loss, so its step cannot be captured.

    Args:
        params: Parameters, in a single group.
        lr: The largest rate, at which each search begins.
        c: As in the formula.
        backtrack: Factor of the rate after each try that fails.
        tries: Rates tried in a step, at most.
        weight_decay: Coupled weight decay; the search then holds λ/2·Σθ² with the loss.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        c: float = 0.5,
        backtrack: float = 0.9,
        tries: int = 100,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("c", c, 0, 1, "()")
        check_range("backtrack", backtrack, 0, 1, "()")
        check_range("tries", tries, 1)
        super().__init__(params, lr, weight_decay, c=c, backtrack=backtrack, tries=tries)
        if len(self.param_groups) > 1:
            raise ValueError("the line search has one rate: parameters must be a single group")

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; returns the closure's loss where the step began."""
        if closure is None:
            raise ValueError("the line search needs a closure that evaluates the loss")
        with torch.enable_grad():
            loss = closure()
        (group,) = self.param_groups
        parameters = [p for p in group["params"] if p.grad is not None]
        if not parameters:
            return loss
        gradients = [p.grad.clone() for p in parameters]
        decay = group["weight_decay"]
        if decay:
            torch._foreach_add_(gradients, parameters, alpha=decay)
        here = [p.clone() for p in parameters]

        def objective(value: Tensor) -> float:
            penalty = sum(float(p.square().sum()) for p in parameters) if decay else 0.0
            return float(value.detach()) + decay / 2 * penalty

        first = objective(loss)
        square = sum(float(gradient.square().sum()) for gradient in gradients)
        rate = float(group["lr"])
        for _ in range(group["tries"]):
            torch._foreach_copy_(
                parameters, torch._foreach_sub(here, torch._foreach_mul(gradients, rate))
            )
            with torch.enable_grad():
                there = closure()
            if objective(there) <= first - group["c"] * rate * square:
                break
            rate *= group["backtrack"]
        else:
            rate = _LAST_RESORT
        torch._foreach_copy_(parameters, here)
        self.update(GroupStep(parameters, gradients, {**group, "lr": rate}, loss))
        return loss
