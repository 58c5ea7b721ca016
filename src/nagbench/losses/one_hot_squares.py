"""The fourth article's loss: mean squares between logits and one-hot labels."""

from torch import Tensor
from torch.nn.functional import mse_loss, one_hot

from nagbench.engine.recipe import Training


def loss(logits: Tensor, labels: Tensor, training: Training) -> Tensor:  # noqa: ARG001
    """A number, the mean over images and classes."""
    return mse_loss(logits, one_hot(labels, logits.shape[1]).to(logits.dtype))
