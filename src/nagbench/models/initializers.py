"""Initial weights, which depend on the seed alone: a network's own, or others."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

# `network`: as its file says. `zero` is a control that cannot learn: all its gradients but those of
# the last biases vanish.
INITIALIZERS: dict[str, Callable[[Tensor], Tensor] | None] = {
    "network": None,
    "kaiming": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "xavier": nn.init.xavier_uniform_,
    "zero": nn.init.zeros_,
}


def initialized(construct: Callable[[], nn.Module], seed: int, name: str) -> nn.Module:
    """What `construct` makes, with the initial weights of this seed."""
    state = np.random.SeedSequence([seed, 0]).generate_state(1, np.uint64)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(state))
        model = construct()
        _fill(model, name)
    return model


@torch.no_grad()
def _fill(model: nn.Module, name: str) -> None:
    """Give convolutions and dense layers the named initial weights, and biases of zero."""
    fill = INITIALIZERS[name]
    if fill is None:
        return
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.requires_grad:
            fill(module.weight)
            if module.bias is not None:
                module.bias.zero_()
