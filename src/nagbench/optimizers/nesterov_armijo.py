"""Nesterov's method with a line search (Vaswani et al., 2019): the fifth article as intended."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, check_range
from nagbench.optimizers.nesterov_1983 import Nesterov1983

BEGINS = ("enlarged", "kept", "lr")
_LAST_RESORT = 1e-6
_NO_GRADIENT = 1e-8  # a length below which nothing is searched


class NesterovArmijo(Nesterov1983):
    r"""`Nesterov1983` whose rate a batch's own loss approves.

    .. math:: f(y - \eta g) \le f(y) - c \eta \|g\|^2

    η is multiplied by `backtrack` until this holds; where it does not in `tries`, the step is taken
    with 1e-6, as in the authors' code. c = ½ is what Nesterov's proof asks for; smaller ones accept
    steps that momentum then carries too far. The first search begins at `lr`, and each later one

    - `begin="enlarged"`: at the rate last found times `growth` to the power 1/`period`;
    - `begin="kept"`: at the rate last found, so that rates never grow, as the proof wants them;
    - `begin="lr"`: at `lr` anew, which costs more evaluations and forgets what came before.

    They are the authors' reset options 1, 0 and 2, and the defaults those of their line search
    without momentum. Momentum is the article's, that of `Nesterov1983` at the rate found; in the
    authors' code t grows in every second step alone, and the model stands still in the first.

    The closure is called once with gradients and then without, for the loss of each try. All
    parameters share one rate and are judged at x. The search waits for each loss, so its step
    cannot be captured.

    Args:
        params: Parameters, in a single group.
        lr: The rate at which the first search begins.
        c: As in the formula.
        backtrack: Factor of the rate after each try that fails.
        tries: Rates tried in a step, at most.
        begin: One of `BEGINS`: where the next search begins.
        growth: Factor by which a rate grows in `period` steps, if no search lowers it.
        period: Steps, of the authors' an epoch's.
        weight_decay: Coupled weight decay; the search then holds λ/2·Σθ² with the loss.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        c: float = 0.5,
        backtrack: float = 0.9,
        tries: int = 100,
        begin: str = "enlarged",
        growth: float = 2.0,
        period: int = 500,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("c", c, 0, 1, "()")
        check_range("backtrack", backtrack, 0, 1, "()")
        check_range("tries", tries, 1)
        if begin not in BEGINS:
            raise ValueError(f"begin must be {', '.join(BEGINS)}: {begin}")
        check_range("growth", growth, 1)
        check_range("period", period, 1)
        search = {"c": c, "backtrack": backtrack, "tries": tries}
        start = {"begin": begin, "growth": growth, "period": period}
        super().__init__(params, lr, weight_decay, **search, **start)
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
        gradients = [p.grad for p in parameters]
        if decay := group["weight_decay"]:
            gradients = list(torch._foreach_add(gradients, parameters, alpha=decay))
        rate = self._searched(closure, loss, GroupStep(parameters, gradients, group, loss))
        self.update(GroupStep(parameters, gradients, {**group, "lr": rate}, loss))
        return loss

    def _searched(self, closure: Callable[[], Any], loss: Tensor, step: GroupStep) -> float:
        """The rate to step with; the parameters are where they were. Tries need no gradient."""
        parameters, gradients, group, _ = step
        last = self.group_scalar(group, "rate", float(group["lr"]))
        square = sum(float(gradient.square().sum()) for gradient in gradients)
        if square < _NO_GRADIENT**2:
            return 0.0
        here = [p.clone() for p in parameters]
        decay = group["weight_decay"]

        def objective(value: Tensor) -> float:
            penalty = sum(float(p.square().sum()) for p in parameters) if decay else 0.0
            return float(value.detach()) + decay / 2 * penalty

        first = objective(loss)
        rate = float(group["lr"] if group["begin"] == "lr" else last)
        if group["begin"] == "enlarged":
            rate *= group["growth"] ** (1 / group["period"])
        found = False
        for _ in range(group["tries"]):
            torch._foreach_copy_(
                parameters, torch._foreach_sub(here, torch._foreach_mul(gradients, rate))
            )
            found = objective(closure()) <= first - group["c"] * rate * square
            if found:
                break
            rate *= group["backtrack"]
        torch._foreach_copy_(parameters, here)
        last.fill_(rate)
        return rate if found else _LAST_RESORT
