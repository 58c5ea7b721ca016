"""What a run minimises, apart from the part of it that is reported as its loss."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from nagbench.study import Workload


def loss_of(logits: Tensor, labels: Tensor, workload: Workload) -> Tensor:
    """What the workload minimises, in float32 at least; mean cross-entropy as a rule."""
    exact = logits.float() if logits.dtype == torch.bfloat16 else logits
    if workload.loss == "missed_probability":
        # The first article: Σ p(1 − l)/(2(l + 1))/200 with one-hot l, so other classes alone count.
        shares = exact.softmax(1)
        missed = 1 - shares.gather(1, labels[:, None]).squeeze(1)
        return missed.sum() / 400
    if workload.loss == "one_hot_squares":
        return mse_loss(exact, one_hot(labels, exact.shape[1]).to(exact.dtype))
    return cross_entropy(exact, labels, label_smoothing=workload.label_smoothing)


def penalty(weights: list[nn.Parameter], workload: Workload) -> Tensor | None:
    """l1·Σ|w| + l2/2·Σw² over `weights`, None if the workload wants neither."""
    parts = []
    if workload.l1:
        parts.append(workload.l1 * torch.stack([weight.abs().sum() for weight in weights]).sum())
    if workload.l2:
        squares = torch.stack([weight.square().sum() for weight in weights]).sum()
        parts.append(workload.l2 / 2 * squares)
    return torch.stack(parts).sum() if parts else None


def penalized(model: nn.Module) -> list[nn.Parameter]:
    """The weights that penalties are on: all that learn but biases and scales."""
    return [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
