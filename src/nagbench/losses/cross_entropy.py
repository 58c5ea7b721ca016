"""Mean cross-entropy, with smoothed labels where the training says so."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from nagbench.engine.recipe import Training


def loss(logits: Tensor, labels: Tensor, training: Training) -> Tensor:
    """A number, from logits (images, classes) and class indexes (images)."""
    return cross_entropy(logits, labels, label_smoothing=training.label_smoothing)
