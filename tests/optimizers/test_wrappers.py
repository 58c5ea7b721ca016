"""Wrappers against their authors' procedures, round each inner optimizer, and what they become."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from rows import make
from test_formulas import CHANGING, CONSTANT, by_code, in_float64  # noqa: F401

from nagbench.engine import build
from nagbench.optimizers.catalogue import CATALOGUE

INNER = ("sgd", "adam", "muon")
STEPS = 24
SHAPES = [(6, 3, 3, 3), (6,), (8, 6), (8,), (4, 8), (4,)]
RATES = [1 + 0.5 * np.sin(n / 3) for n in range(STEPS)]  # times an inner optimizer's own
Parameters = list[torch.nn.Parameter]
# A row's settings with which all that it does happens within these steps.
EMA = {"beta": 0.8, "gamma": 0.7, "begin": 3, "end": 20}
OUTER = {"every": 5, "outer_lr": 0.7, "outer_momentum": 0.6}


def parameters() -> Parameters:
    random = np.random.default_rng(3)
    return [torch.nn.Parameter(torch.from_numpy(random.normal(size=shape))) for shape in SHAPES]


def give_gradients(places: Sequence[torch.nn.Parameter], n: int) -> None:
    """Those of a bowl where the parameters are now, with the noise of step n."""
    random = np.random.default_rng(100 + n)
    for place in places:
        noise = torch.from_numpy(random.normal(size=tuple(place.shape)))
        place.grad = 0.3 * place.detach() + 0.1 * noise


def set_rates(optimizer: Any, first: Sequence[float], n: int) -> None:
    for group, rate in zip(optimizer.param_groups, first, strict=True):
        group["lr"] = rate * RATES[n]


def found(row: str, settings: dict[str, Any], steps: int = STEPS) -> list[torch.Tensor]:
    """Where the row's optimizer is judged after so many steps."""
    places = parameters()
    optimizer = make(CATALOGUE[row], places, {**CATALOGUE[row].defaults, **settings})
    take(optimizer, places, range(steps))
    return [place.detach().clone() for place in places]


def take(optimizer: Any, places: Parameters, steps: Sequence[int], first: Any = None) -> None:
    first = first or [group["lr"] for group in optimizer.param_groups]
    for n in steps:
        if hasattr(optimizer, "train"):
            optimizer.train()
        give_gradients(places, n)
        set_rates(optimizer, first, n)
        optimizer.step()
        if hasattr(optimizer, "eval"):
            optimizer.eval()


class Procedure:
    """An inner optimizer of its own, on which its authors' procedure is followed step by step."""

    def __init__(self, inner: str) -> None:
        self.places = parameters()
        self.optimizer = make(CATALOGUE[inner], self.places)
        self.first = [group["lr"] for group in self.optimizer.param_groups]

    def held(self) -> list[torch.Tensor]:
        return [place.detach().clone() for place in self.places]

    @torch.no_grad()
    def put(self, values: Sequence[torch.Tensor]) -> None:
        for place, value in zip(self.places, values, strict=True):
            place.copy_(value)

    def step(self, n: int) -> None:
        give_gradients(self.places, n)
        set_rates(self.optimizer, self.first, n)
        self.optimizer.step()


def ema_nesterov(inner: str) -> list[torch.Tensor]:
    """Ahead before each gradient, by the rate of the step before; then the mean of whole moves."""
    run = Procedure(inner)
    before = run.held()
    means = [torch.zeros_like(value) for value in before]
    for n in range(STEPS):
        if EMA["begin"] <= n < EMA["end"]:
            size = EMA["beta"] * RATES[n - 1]
            run.put([x + size * m for x, m in zip(run.held(), means, strict=True)])
        run.step(n)
        after, gamma = run.held(), EMA["gamma"]
        means = [
            gamma * m + (1 - gamma) * (new - old)
            for m, new, old in zip(means, after, before, strict=True)
        ]
        before = after
    return before


def snoo(inner: str) -> list[torch.Tensor]:
    """torch's Nesterov SGD on slow weights whose gradient is what the fast ones have moved."""
    run = Procedure(inner)
    slow = [torch.nn.Parameter(value) for value in run.held()]
    outer = torch.optim.SGD(slow, OUTER["outer_lr"], OUTER["outer_momentum"], nesterov=True)
    for n in range(STEPS):
        run.step(n)
        if (n + 1) % OUTER["every"] == 0:
            for place, fast in zip(slow, run.held(), strict=True):
                place.grad = place.detach() - fast
            outer.step()
            run.put([place.detach() for place in slow])
    return run.held()


def muloco(inner: str) -> list[torch.Tensor]:
    """The same with a velocity that holds the outer rate."""
    run = Procedure(inner)
    snapshots, mu, eta = run.held(), OUTER["outer_momentum"], OUTER["outer_lr"]
    velocities = [torch.zeros_like(value) for value in snapshots]
    for n in range(STEPS):
        run.step(n)
        if (n + 1) % OUTER["every"] == 0:
            moved = [old - new for old, new in zip(snapshots, run.held(), strict=True)]
            velocities = [mu * u + eta * d for u, d in zip(velocities, moved, strict=True)]
            every = zip(snapshots, velocities, moved, strict=True)
            snapshots = [old - mu * u - eta * d for old, u, d in every]
            run.put(snapshots)
    return run.held()


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize(
    ("method", "settings", "procedure"),
    [
        ("ema_nesterov", EMA, ema_nesterov),
        ("snoo", OUTER, snoo),
        ("outer_nesterov", OUTER, muloco),
        ("snoo", OUTER, muloco),  # one rule, as the outer rate is constant
    ],
)
def test_it_follows_its_authors_procedure(
    method: str,
    settings: dict[str, Any],
    procedure: Callable[[str], list[torch.Tensor]],
    inner: str,
) -> None:
    ours, theirs = found(f"{method}_{inner}", settings), procedure(inner)
    # Newton and Schulz's iteration rounds to two digits, which a last bit before it can turn.
    tolerance = 1e-12 if inner != "muon" else 0.02
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(ours, found(inner, {}), rtol=0, atol=2 * tolerance)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("ema_nesterov", {"beta": 0.0, "begin": 0}),
        ("ema_nesterov", {"begin": STEPS + 1}),
        ("snoo", {"every": STEPS + 1}),
    ],
)
def test_without_its_own_part_it_is_the_inner_one_to_the_bit(
    method: str, settings: dict[str, Any], inner: str
) -> None:
    torch.testing.assert_close(
        found(f"{method}_{inner}", settings), found(inner, {}), rtol=0, atol=0
    )


@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_an_outer_step_without_momentum_at_rate_one_is_none(inner: str) -> None:
    settings = {"every": 3, "outer_lr": 1.0, "outer_momentum": 0.0}
    ours, plain = found(f"outer_nesterov_{inner}", settings), found(inner, {})
    torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", ["snoo_sgd", "outer_nesterov_sgd"])
def test_round_single_steps_of_gradient_descent_it_is_nag(row: str) -> None:
    """In torch's form, with its rate multiplied by the outer one."""
    own = {"every": 1, "outer_lr": 0.7, "outer_momentum": 0.9}
    expected = by_code("nag", [0.7 * rate for rate in CONSTANT], 0.0, {"momentum": 0.9})
    np.testing.assert_allclose(by_code(row, CONSTANT, 0.0, own), expected, rtol=1e-10, atol=1e-12)


def test_along_the_last_step_alone_it_is_nag_judged_at_its_own_point() -> None:
    own = {"beta": 0.9, "gamma": 0.0, "begin": 0}
    expected = by_code("nag_strongly_convex", CONSTANT, 0.0, {"kappa": 361.0})
    ours = by_code("ema_nesterov_sgd", CONSTANT, 0.0, own)
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("row", ["ema_nesterov_sgd", "snoo_sgd", "lookahead_sgd"])
def test_a_rate_may_be_a_tensor(row: str) -> None:
    own = {"begin": 3} if row.startswith("ema") else {"every": 4}
    number, tensor = (by_code(row, CHANGING, 0.0, own, tensor=kind) for kind in (False, True))
    np.testing.assert_allclose(tensor, number, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_lookahead_is_the_librarys(inner: str) -> None:
    library = pytest.importorskip("pytorch_optimizer").Lookahead
    places = parameters()
    row = CATALOGUE[f"lookahead_{inner}"]
    theirs = library(make(CATALOGUE[inner], places), k=5, alpha=0.5)
    take(theirs, places, range(STEPS))
    expected = [place.detach() for place in places]
    torch.testing.assert_close(found(row.name, {}), expected, rtol=1e-12, atol=1e-12)


WRAPPERS = [name for name, row in CATALOGUE.items() if "inner" in row.fixed and not row.closure]


@pytest.mark.parametrize("stop", range(1, 8))
@pytest.mark.parametrize("name", WRAPPERS)
def test_stopped_anywhere_it_goes_on_bit_equal(name: str, stop: int) -> None:
    """Before its own part, in it, and between two outer steps."""
    row = CATALOGUE[name]
    soon = {"begin": 2, "every": 3}
    settings = {key: soon.get(key, value) for key, value in row.defaults.items()}
    places = parameters()
    optimizer = make(row, places, settings)
    first = [group["lr"] for group in optimizer.param_groups]
    take(optimizer, places, range(stop), first)
    weights = [place.detach().clone() for place in places]
    state = copy.deepcopy(optimizer.state_dict())
    take(optimizer, places, range(stop, STEPS), first)
    again = parameters()
    with torch.no_grad():
        for place, weight in zip(again, weights, strict=True):
            place.copy_(weight)
    resumed = make(row, again, settings)
    resumed.load_state_dict(state)
    take(resumed, again, range(stop, STEPS), first)
    for place, expected in zip(again, places, strict=True):
        assert torch.equal(place, expected)


@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_sam_steps_with_the_gradient_of_the_worst_point_nearby(inner: str) -> None:
    """On x·A·x/2 the gradient there is A(x + ρAx/|Ax|)."""
    curvature = torch.diag(torch.tensor([3.0, 0.5, 0.1]))
    start, rho = torch.tensor([1.0, -2.0, 0.5]), 0.2
    row = CATALOGUE[f"sam_{inner}"]
    mine, plain = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizer = make(row, [mine], {**row.defaults, "rho": rho})
    reference = make(CATALOGUE[inner], [plain])
    looks = 0

    def closure() -> torch.Tensor:
        nonlocal looks
        looks += 1
        optimizer.zero_grad()
        loss = 0.5 * mine @ curvature @ mine
        loss.backward()
        return loss

    for n in range(1, 31):
        before = 0.5 * plain.detach() @ curvature @ plain.detach()
        gradient = curvature @ plain.detach()
        plain.grad = curvature @ (plain.detach() + rho * gradient / gradient.norm())
        reference.step()
        assert float(optimizer.step(closure).detach()) == pytest.approx(float(before), rel=1e-9)
        assert looks == 2 * n
        torch.testing.assert_close(mine.detach(), plain.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("row", "settings", "words"),
    [
        ("snoo_sgd", {"inner": "newton"}, "inner must be sgd, adam, muon: newton"),
        ("snoo_sgd", {"every": 0}, "every"),
        ("snoo_sgd", {"outer_momentum": 1.0}, "outer_momentum"),
        ("outer_nesterov_sgd", {"outer_lr": -1.0}, "outer_lr"),
        ("ema_nesterov_sgd", {"beta": -0.1}, "beta"),
        ("ema_nesterov_sgd", {"gamma": 1.0}, "gamma"),
        ("ema_nesterov_sgd", {"begin": -1}, "begin"),
        ("ema_nesterov_sgd", {"begin": 5, "end": 4}, "end"),
        ("sam_sgd", {"rho": -1.0}, "rho"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(
    row: str, settings: dict[str, Any], words: str
) -> None:
    constructor = build.named(CATALOGUE[row].reference)
    with pytest.raises(ValueError, match=words):
        constructor([torch.nn.Parameter(torch.ones(1))], **{"lr": 0.1, **settings})
