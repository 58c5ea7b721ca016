"""Muon against its author's rule, by singular values; the Adam inside; and the library's Muon."""

from typing import Any

import numpy as np
import pytest
import torch
from formulas import FORMULAS

from nagbench.optimizers import muon
from nagbench.optimizers.adamuon import AdaMuon
from nagbench.optimizers.muon import Muon, orthogonal

STEPS, RATE, MOMENTUM = 50, 0.02, 0.95
SHAPES = [(6, 4), (4, 6), (5, 3, 2, 2), (20, 2, 3, 1)]


def mapped(matrix: np.ndarray) -> np.ndarray:
    """Five times s → as + bs³ + cs⁵ on the singular values of the matrix over its length."""
    left, s, right = np.linalg.svd(matrix / np.linalg.norm(matrix), full_matrices=False)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return left @ np.diag(s) @ right


def gradients(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(STEPS, *shape))


def path(shape: tuple[int, ...], nesterov: bool, decay: float) -> np.ndarray:
    """The author's rule in float64; momentum as a sum, as scaling a matrix changes nothing."""
    weights, buffer = np.ones(shape), np.zeros(shape)
    for gradient in gradients(shape):
        buffer = MOMENTUM * buffer + gradient
        direction = gradient + MOMENTUM * buffer if nesterov else buffer
        step = mapped(direction.reshape(shape[0], -1)).reshape(shape)
        weights = weights * (1 - RATE * decay) - RATE * max(1, shape[-2] / shape[-1]) ** 0.5 * step
    return weights


def trained(kind: Any, group: dict[str, Any], shape: tuple[int, ...]) -> torch.Tensor:
    parameter = torch.nn.Parameter(torch.ones(shape, dtype=torch.float64))
    optimizer = kind([{"params": [parameter], **group}])
    for gradient in gradients(shape):
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    return parameter.detach()


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_matrices_follow_the_authors_rule(
    shape: tuple[int, ...], nesterov: bool, decay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64 for once; the author's bfloat16 has two digits."""
    monkeypatch.setattr(muon, "orthogonal", lambda matrix: orthogonal(matrix, torch.float64))
    group = {"use_muon": True, "nesterov": nesterov, "weight_decay": decay}
    found = trained(Muon, group, shape)
    np.testing.assert_allclose(found, path(shape, nesterov, decay), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_adamuon_divides_the_orthogonal_signs_and_steps_at_a_fixed_size(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muon, "orthogonal", lambda matrix: orthogonal(matrix, torch.float64))
    weights, m, v = np.ones(shape), np.zeros(shape), np.zeros(shape)
    for gradient in gradients(shape):
        m = MOMENTUM * m + (1 - MOMENTUM) * gradient
        signs = np.sign((1 - MOMENTUM) * gradient + MOMENTUM * m)
        step = mapped(signs.reshape(shape[0], -1)).reshape(shape)
        v = MOMENTUM * v + (1 - MOMENTUM) * step**2
        step = step / (np.sqrt(v) + 1e-8)
        step = 0.2 * step / np.sqrt(np.mean(step**2))
        weights = weights - RATE * step
    found = trained(AdaMuon, {"use_muon": True}, shape)
    np.testing.assert_allclose(found, weights, rtol=1e-4, atol=1e-5)


def test_singular_values_end_near_one() -> None:
    values = torch.linalg.svdvals(orthogonal(torch.from_numpy(gradients((8, 5))[0])).double())
    assert values.min() > 0.5
    assert values.max() < 1.3


@pytest.mark.parametrize("nesterov", [True, False])
def test_on_wide_matrices_it_is_the_librarys(nesterov: bool) -> None:
    """Up to bfloat16's rounding, which a last bit of a momentum can turn."""
    library = pytest.importorskip("pytorch_optimizer").Muon
    group = {"use_muon": True, "nesterov": nesterov}
    found, expected = (trained(kind, group, (4, 6)) for kind in (Muon, library))
    torch.testing.assert_close(found, expected, rtol=0, atol=STEPS * RATE * 0.01)


def test_a_tall_kernel_is_scaled_as_its_author_does_and_a_tall_matrix_by_its_shape() -> None:
    """A first step moves singular values by the rate times the scale: 1 for a square kernel."""
    library = pytest.importorskip("pytorch_optimizer").Muon
    for shape, ours, theirs in (
        ((64, 3, 3, 3), 1.0, (64 / 27) ** 0.5),
        ((64, 27), *[(64 / 27) ** 0.5] * 2),
    ):
        for kind, scale in ((Muon, ours), (library, theirs)):
            parameter = torch.nn.Parameter(torch.zeros(shape))
            parameter.grad = torch.from_numpy(gradients(shape)[0]).float()
            kind([{"params": [parameter], "use_muon": True}], lr=1.0).step()
            values = torch.linalg.svdvals(parameter.detach().flatten(1))
            assert float(values.mean()) == pytest.approx(scale * 0.95, rel=0.15)


def test_vectors_are_adams_at_a_rate_of_their_own() -> None:
    formula = FORMULAS["adam"](np.ones(5), betas=(0.9, 0.95), eps=1e-10)
    next(formula)
    for gradient in gradients((5,)):
        _, expected = formula.send((gradient, 3e-4, 0.0))
    found = trained(Muon, {"use_muon": False}, (5,))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_group_that_does_not_say_what_it_is_is_refused() -> None:
    with pytest.raises(ValueError, match="use_muon"):
        Muon([torch.nn.Parameter(torch.ones(2, 2))])
