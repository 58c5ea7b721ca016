"""Runs on noise: what is timed and weighed before anything trains."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nagbench.data.registry import data_set
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import compute_dtype

RATE = 1e-6  # so small that nothing diverges while it is timed


def descent_on_noise(recipe: Recipe, device: torch.device) -> LiveRun:
    """A recipe's network and batch size, with plain SGD in place of its optimizer."""
    plain = replace(
        recipe, optimizer="torch.optim:SGD", closure=False, create_graph=False, matrices=False
    )
    return run_on_noise(plain, {"lr": RATE}, recipe.batch_size, device)


def run_on_noise(
    recipe: Recipe, settings: Mapping[str, Any], batch: int, device: torch.device
) -> LiveRun:
    """A run on noise that fills one batch, at the first step of its epoch."""
    data = data_set(recipe.data)
    noise = np.random.default_rng(0)
    shape = (batch, data.height, data.width, data.channels)
    placed = ResidentSet.place(
        noise.integers(0, 256, shape, dtype=np.uint8),
        noise.integers(0, data.classes, batch),
        recipe.padding,
        device,
        compute_dtype(recipe.precision),
        data.mean,
        data.deviation,
        data.classes,
    )
    run = LiveRun(replace(recipe, settings=settings, batch_size=batch), placed, device)
    run.begin_epoch(run.plan(1))
    return run


def kept_for_backward(run: LiveRun) -> int:
    """Bytes that a forward pass keeps for the backward pass: its activations."""
    kept: dict[int, int] = {}

    def weigh(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images, labels = run.next_batch()
    with torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor):
        loss = run.loss(run.forward(images).float(), labels, run.recipe)
    del loss  # alive until here, so that no storage was counted under another's address
    return sum(kept.values())
