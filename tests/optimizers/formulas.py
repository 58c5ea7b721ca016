"""Every rule once more, in a few lines of NumPy, on one long vector.

Each function takes the settings and gives a generator, which yields the point at which it wants the
gradient and the one that the method proposes, and is sent the gradient, the rate and the loss.
Written from the articles, not from the code under test.
"""

from collections.abc import Callable, Generator
from typing import Any

import numpy as np

Vector = np.ndarray
# Yields (point of the gradient, point proposed), is sent (gradient, rate, loss).
Path = Generator[tuple[Vector, Vector], tuple[Vector, float, float], None]
FORMULAS: dict[str, Callable[..., Path]] = {}


def formula(function: Callable[..., Path]) -> Callable[..., Path]:
    FORMULAS[function.__name__] = function
    return function


@formula
def sgd(x: Vector) -> Path:
    while True:
        g, lr, _ = yield x, x
        x = x - lr * g


@formula
def heavy_ball(x: Vector, momentum: float) -> Path:
    v = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        v = momentum * v + g
        x = x - lr * v


@formula
def nag(x: Vector, momentum: float) -> Path:
    v = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        v = momentum * v + g
        x = x - lr * (g + momentum * v)


@formula
def nag_sutskever(x: Vector, momentum: float) -> Path:
    v = np.zeros_like(x)
    while True:
        g, lr, _ = yield x + momentum * v, x
        v = momentum * v - lr * g
        x = x + v


def _accelerated(x: Vector, beta: Callable[..., float]) -> Path:
    """x⁺ = y − lr·g(y); y⁺ = x⁺ + β(x⁺ − x)."""
    y, k = x, 0
    while True:
        g, lr, loss = yield y, x
        new = y - lr * g
        y = new + beta(k, g, new - x, loss) * (new - x)
        x, k = new, k + 1


@formula
def nesterov_1983(x: Vector) -> Path:
    ts = [1.0]

    def beta(*_: Any) -> float:
        ts.append((1 + np.sqrt(1 + 4 * ts[-1] ** 2)) / 2)
        return (ts[-2] - 1) / ts[-1]

    return _accelerated(x, beta)


@formula
def nag_strongly_convex(x: Vector, kappa: float) -> Path:
    return _accelerated(x, lambda *_: 1 - 2 / (np.sqrt(kappa) + 1))


def _restarting(x: Vector, astray: Callable[..., bool]) -> Path:
    t = 1.0

    def beta(_: int, g: Vector, move: Vector, loss: float) -> float:
        nonlocal t
        if astray(g, move, loss):
            t = 1.0
        old, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
        return (old - 1) / t

    return _accelerated(x, beta)


@formula
def restart_gradient(x: Vector) -> Path:
    return _restarting(x, lambda g, move, _: g @ move > 0)


@formula
def restart_function(x: Vector) -> Path:
    losses = [np.inf]

    def rises(_g: Vector, _move: Vector, loss: float) -> bool:
        losses.append(loss)
        return losses[-1] > losses[-2]

    return _restarting(x, rises)


@formula
def srsgd(x: Vector, restart: int) -> Path:
    """Its authors' counter runs from 1 to `restart` - 1; momentum is (k - 1)/(k + 2)."""
    y, k = x, 1
    while True:
        g, lr, _ = yield y, y
        new = y - lr * g
        y = new + (k - 1) / (k + 2) * (new - x)
        x, k = new, k + 1
        if k >= restart:
            k = 1


@formula
def mass(x: Vector, momentum: float, compensation: float) -> Path:
    w, u = x, x
    while True:
        g, lr, _ = yield u, w
        new = u - lr * g
        u = (1 + momentum) * new - momentum * w + compensation * lr * g
        w = new


@formula
def sgdn_hd(x: Vector, momentum: float, hyper_lr: float) -> Path:
    v, u, learned = np.zeros_like(x), np.zeros_like(x), 0.0
    while True:
        g, lr, _ = yield x, x
        learned += hyper_lr * (g @ u)
        v = momentum * v + g
        u = g + momentum * v
        x = x - (lr + learned) * u


@formula
def nad_loop(x: Vector, eps: float) -> Path:
    while True:
        g, lr, _ = yield x, x
        x = x - lr * g / (np.abs(g) + eps)


@formula
def nad_average(x: Vector, gamma: float) -> Path:
    w1 = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        w0 = 1 / (1 + np.exp(-gamma * lr))
        w1 = w0 * g + w0 * w1
        x = x - lr * w1


@formula
def nad_weight(x: Vector, beta: float, gamma: float) -> Path:
    u = np.ones_like(x)
    while True:
        g, lr, _ = yield x, x
        u = (1 - beta) * u + (1 - beta) / (1 + np.exp(-gamma * lr)) * g * u
        x = x - lr * u


@formula
def threshold_rate(
    x: Vector, momentum: float, threshold: float, delta_in: float, delta_out: float
) -> Path:
    v, u, factor = np.zeros_like(x), np.zeros_like(x), 1.0
    while True:
        g, lr, _ = yield x, x
        delta = delta_in if np.abs(g).max() <= threshold else delta_out
        length = np.linalg.norm(g) * np.linalg.norm(u)
        wish = delta_out * (g @ u) / length if length else 0.0
        factor *= np.exp(max(-delta, min(delta, wish)))
        v = momentum * v + g
        u = g + momentum * v
        x = x - lr * factor * u


@formula
def nag_clipped(x: Vector, momentum: float, threshold: float) -> Path:
    path = nag(x, momentum)
    point = next(path)
    while True:
        g, lr, loss = yield point
        point = path.send((g * min(1, threshold / np.linalg.norm(g)), lr, loss))


@formula
def exp_rate(x: Vector) -> Path:
    """As the article's code has it, β and all."""
    beta = 0.9
    while True:
        g, lr, _ = yield x, x
        alpha = beta * np.exp(lr)
        x = x - beta * (g / alpha)


@formula
def gradient_scaling(x: Vector, c: float, ascent: bool) -> Path:
    sign = 1 if ascent else -1
    while True:
        g, lr, _ = yield x, x
        x = x.copy()
        for part in (slice(0, 3), slice(3, 7)):  # the tensors of the test
            w = x[part]
            scale = np.array([1.0] + (len(w) - 1) * [c / (w[0] * np.sqrt(w[1]))])
            x[part] = w + sign * lr * scale * g[part]


@formula
def sps_momentum(x: Vector, momentum: float, c: float, optimum: float) -> Path:
    v = np.zeros_like(x)
    while True:
        g, lr, loss = yield x, x
        v = momentum * v + g
        x = x - min(max(loss - optimum, 0) / (c * (g @ g)), lr) * v


@formula
def dowg(x: Vector, distance: float) -> Path:
    start, farthest, weighted = x, distance, 0.0
    while True:
        g, lr, _ = yield x, x
        farthest = max(farthest, np.linalg.norm(x - start))
        weighted += farthest**2 * (g @ g)
        x = x - lr * farthest**2 / np.sqrt(weighted) * g


@formula
def qhm(x: Vector, momentum: float, nu: float) -> Path:
    m = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        m = momentum * m + (1 - momentum) * g
        x = x - lr * ((1 - nu) * g + nu * m)


@formula
def aggmo(x: Vector, betas: tuple[float, ...]) -> Path:
    vs = [np.zeros_like(x) for _ in betas]
    while True:
        g, lr, _ = yield x, x
        vs = [beta * v + g for beta, v in zip(betas, vs, strict=True)]
        x = x - lr * sum(vs) / len(vs)


@formula
def acc_sgd(x: Vector, kappa: float, xi: float, c: float) -> Path:
    """Kidambi et al.'s algorithm 1: the model is at u, long steps go to v."""
    alpha = 1 - c**2 * xi / kappa
    u, v = x, x
    while True:
        g, lr, _ = yield u, u
        long = kappa * lr / c
        v = alpha * v + (1 - alpha) * (u - long * g)
        u = c / (c + (1 - alpha)) * (u - lr * g) + (1 - alpha) / (c + (1 - alpha)) * v


@formula
def lion(x: Vector, betas: tuple[float, float]) -> Path:
    m = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        x = x - lr * np.sign(betas[0] * m + (1 - betas[0]) * g)
        m = betas[1] * m + (1 - betas[1]) * g


def _adaptive(x: Vector, step: Callable[..., Vector]) -> Path:
    """m and v with their corrections; `step` makes the direction of them."""
    m, v, k = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        g, lr, _ = yield x, x
        k += 1
        x, m, v = step(x, g, lr, m, v, k)


@formula
def adam(x: Vector, betas: tuple[float, float], eps: float, amsgrad: bool = False) -> Path:
    largest = np.zeros_like(x)

    def step(x, g, lr, m, v, k):  # type: ignore[no-untyped-def]
        nonlocal largest
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = np.maximum(largest, v) if amsgrad else v
        size = np.sqrt(largest / (1 - betas[1] ** k)) + eps
        return x - lr * m / (1 - betas[0] ** k) / size, m, v

    return _adaptive(x, step)


@formula
def nadam(x: Vector, betas: tuple[float, float], eps: float, momentum_decay: float) -> Path:
    product = 1.0

    def step(x, g, lr, m, v, k):  # type: ignore[no-untyped-def]
        nonlocal product
        now, after = (betas[0] * (1 - 0.5 * 0.96 ** (n * momentum_decay)) for n in (k, k + 1))
        product *= now
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        ahead = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        return x - lr * ahead / (np.sqrt(v / (1 - betas[1] ** k)) + eps), m, v

    return _adaptive(x, step)


@formula
def radam(x: Vector, betas: tuple[float, float], eps: float) -> Path:
    longest = 2 / (1 - betas[1]) - 1

    def step(x, g, lr, m, v, k):  # type: ignore[no-untyped-def]
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        ahead = m / (1 - betas[0] ** k)
        length = longest - 2 * k * betas[1] ** k / (1 - betas[1] ** k)
        if length > 5:  # the article says 4, torch and its authors' code 5
            r = np.sqrt(
                (length - 4) * (length - 2) * longest
                / ((longest - 4) * (longest - 2) * length)
            )  # fmt: skip
            ahead = ahead * r * np.sqrt(1 - betas[1] ** k) / (np.sqrt(v) + eps)
        return x - lr * ahead, m, v

    return _adaptive(x, step)


@formula
def rmsprop(x: Vector, alpha: float, eps: float) -> Path:
    v = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        v = alpha * v + (1 - alpha) * g**2
        x = x - lr * g / (np.sqrt(v) + eps)


@formula
def adagrad(x: Vector, eps: float) -> Path:
    total = np.zeros_like(x)
    while True:
        g, lr, _ = yield x, x
        total = total + g**2
        x = x - lr * g / (np.sqrt(total) + eps)


@formula
def adan(x: Vector, betas: tuple[float, float, float], eps: float) -> Path:
    b1, b2, b3 = betas
    m, d, n = np.zeros((3, len(x)))
    before, k = None, 0
    while True:
        g, lr, _ = yield x, x
        k += 1
        change = np.zeros_like(g) if before is None else g - before
        before = g
        m = b1 * m + (1 - b1) * g
        d = b2 * d + (1 - b2) * change
        n = b3 * n + (1 - b3) * (g + b2 * change) ** 2
        ahead = m / (1 - b1**k) + b2 * d / (1 - b2**k)
        x = x - lr * ahead / (np.sqrt(n / (1 - b3**k)) + eps)


@formula
def schedule_free_sgd(x: Vector, momentum: float) -> Path:
    """y = (1 − β)z + βx takes the gradient, z the step; x is z's mean by rates squared."""
    z, weights, highest = x, 0.0, 0.0
    while True:
        g, lr, _ = yield (1 - momentum) * z + momentum * x, x
        highest = max(highest, lr)
        weights += highest**2
        z = z - lr * g
        x = x + highest**2 / weights * (z - x)


@formula
def schedule_free_adamw(x: Vector, betas: tuple[float, float], eps: float) -> Path:
    """As `schedule_free_sgd`, the step of z divided as Adam divides it."""
    z, v, weights, highest, k = x, np.zeros_like(x), 0.0, 0.0, 0
    while True:
        g, lr, _ = yield (1 - betas[0]) * z + betas[0] * x, x
        k += 1
        highest = max(highest, lr)
        weights += highest**2
        v = betas[1] * v + (1 - betas[1]) * g**2
        size = np.sqrt(v / (1 - betas[1] ** k)) + eps
        z = z - lr * g / size
        x = x + highest**2 / weights * (z - x)
