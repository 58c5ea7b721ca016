"""How large a network is: its parameters, and its arithmetic for one image."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nagbench.engine.build import named
from nagbench.errors import InputError
from nagbench.models.layers import planned_dropouts
from nagbench.models.registry import resolve


def parameter_count(
    name: str, inputs: tuple[int, int, int], classes: int, batch_norm: bool | None = None
) -> int:
    """How many numbers the network learns."""
    parameters = _on_meta(name, inputs, classes, batch_norm).parameters()
    return sum(parameter.numel() for parameter in parameters if parameter.requires_grad)


def flops(
    name: str,
    inputs: tuple[int, int, int],
    classes: int,
    batch_norm: bool | None = None,
    *,
    training: bool = False,
) -> int:
    """Operations for one image in convolutions and matrix products, an addition counted too.

    Forward, or for a whole step of training. What is counted are the products alone, in which
    nearly all arithmetic lies.
    """
    model = _on_meta(name, inputs, classes, batch_norm)
    model.train(training)
    with FlopCounterMode(display=False) as counter:
        for layer in planned_dropouts(model):
            layer.chances = torch.empty(2, layer.features, dtype=torch.uint8, device="meta")
        output = model(torch.empty(2, *inputs, device="meta"))
        if training:
            output.sum().backward()
    return int(counter.get_total_flops()) // 2


def _on_meta(
    name: str, inputs: tuple[int, int, int], classes: int, batch_norm: bool | None
) -> nn.Module:
    reference, options = resolve(name, batch_norm)
    try:
        model: nn.Module = named(reference)(inputs, classes, **options)
    except ValueError as error:
        raise InputError(f"network {reference}", str(error), "larger images") from None
    return model.to("meta")
