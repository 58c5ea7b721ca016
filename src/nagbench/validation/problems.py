"""Functions with a known minimum: quadratics, logistic regression, and two that lead astray."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nagbench.data.images import ImageSet


@dataclass(frozen=True)
class Problem:
    """A function, its gradient, where it begins, its minimum, and its curvatures where convex.

    `curvatures` are the constants μ of strong convexity and L of smoothness.
    """

    name: str
    value: Callable[[Tensor], Tensor]
    gradient: Callable[[Tensor], Tensor]
    start: Tensor
    minimum: Tensor
    curvatures: tuple[float, float] | None = None

    @property
    def condition(self) -> float:
        """κ = L/μ; NaN for a function that is not strongly convex."""
        if self.curvatures is None:
            return float("nan")
        return self.curvatures[1] / self.curvatures[0]


def quadratic(condition: float, dimension: int, noise: float = 0.0, seed: int = 0) -> Problem:
    """Curvatures spread log-uniformly over [1/κ, 1]; gradients with independent noise, if wanted.

    Diagonal: the methods compared on it do not see a rotation of the coordinates.
    """
    curvature = torch.logspace(-np.log10(condition), 0, dimension, dtype=torch.float64)
    stream = torch.Generator().manual_seed(seed)

    def gradient(x: Tensor) -> Tensor:
        exact = curvature * x
        if noise:
            exact += noise * torch.randn(dimension, generator=stream, dtype=torch.float64)
        return exact

    return Problem(
        f"quadratic, condition {condition:,.0f}",
        lambda x: 0.5 * (curvature * x * x).sum(),
        gradient,
        torch.ones(dimension, dtype=torch.float64),
        torch.zeros(dimension, dtype=torch.float64),
        (1 / condition, 1.0),
    )


def logistic(images: ImageSet, count: int, l2: float) -> Problem:
    """Logistic regression that tells class 0 from the rest on small images, all in one batch."""
    pixels = images.train_images[:count].astype(np.float64) / 255
    height, width = (side // 4 for side in pixels.shape[1:3])
    small = pixels.reshape(count, height, 4, width, 4, -1).mean((2, 4)).reshape(count, -1)
    features = torch.from_numpy((small - small.mean(0)) / small.std(0))
    signs = torch.from_numpy(np.where(images.train_labels[:count] == 0, 1.0, -1.0))

    def value(x: Tensor) -> Tensor:
        losses = torch.nn.functional.softplus(-signs * (features @ x))
        return losses.mean() + l2 / 2 * (x * x).sum()

    def gradient(x: Tensor) -> Tensor:
        wrong = torch.sigmoid(-signs * (features @ x))
        return -(features * (signs * wrong)[:, None]).mean(0) + l2 * x

    x = torch.zeros(features.shape[1], dtype=torch.float64)
    for _ in range(50):  # Newton's method, to the last digits
        share = torch.sigmoid(features @ x)
        hessian = (features * (share * (1 - share))[:, None]).T @ features / count
        step = torch.linalg.solve(hessian + l2 * torch.eye(len(x)).double(), gradient(x))
        x = x - step
        if float(step.norm()) < 1e-14:
            break
    largest = float(torch.linalg.eigvalsh(features.T @ features / count)[-1]) / 4 + l2
    start = torch.zeros_like(x)
    return Problem("logistic regression", value, gradient, start, x, (l2, largest))


def rosenbrock() -> Problem:
    """The curved valley from (−1.2, 1)."""

    def value(x: Tensor) -> Tensor:
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    def gradient(x: Tensor) -> Tensor:
        across = x[1] - x[0] ** 2
        return torch.stack([-2 * (1 - x[0]) - 400 * x[0] * across, 200 * across])

    start = torch.tensor([-1.2, 1.0], dtype=torch.float64)
    return Problem("Rosenbrock", value, gradient, start, torch.ones(2, dtype=torch.float64))


def lessard() -> Problem:
    """Lessard, Recht and Packard's function (2016): strongly convex, κ = 25, of two curvatures."""

    def gradient(x: Tensor) -> Tensor:
        return torch.where(x < 1, 25 * x, torch.where(x < 2, x + 24, 25 * x - 24))

    def value(x: Tensor) -> Tensor:
        middle = x * x / 2 + 24 * x - 12
        outside = torch.where(x < 1, 12.5 * x * x, 12.5 * x * x - 24 * x + 36)
        return torch.where((x >= 1) & (x < 2), middle, outside).sum()

    return Problem(
        "Lessard-Recht-Packard",
        value,
        gradient,
        torch.tensor([3.3], dtype=torch.float64),
        torch.zeros(1, dtype=torch.float64),
        (1.0, 25.0),
    )
