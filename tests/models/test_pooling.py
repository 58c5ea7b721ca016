"""The pooling kernel gives torch's numbers bit for bit, or is not used."""

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from nagbench.benchmark.cases import case
from nagbench.benchmark.ceilings import traffic
from nagbench.benchmark.contestants import Engine
from nagbench.models import pooling
from nagbench.sources import closure, code_digest

CPU = torch.device("cpu")
SPECIAL = (0.0, -0.0, 1.0, 1.0, -1.0, 3e-39, -3e-39, torch.inf, -torch.inf, torch.nan)
NETWORK = "nagbench.models.seed_cnn"
needed = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pooling.kernel.cache_clear()
    yield
    pooling.kernel.cache_clear()
    torch.set_num_threads(threads)


def used(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows whenever the kernel pools."""
    calls: list[int] = []
    original = pooling._forward

    def counted(*given: object) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return original(*given)  # type: ignore[arg-type]

    assert pooling.kernel() is not None
    monkeypatch.setattr(pooling, "_forward", counted)
    return calls


def both(x: Tensor, gradient: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Result and gradient, ours and torch's."""
    found = []
    for ours in (True, False):
        leaf = x.clone().requires_grad_()
        out = pooling.pooled(leaf, nn.Identity()) if ours else relu(max_pool2d(leaf, 2))
        (passed,) = torch.autograd.grad(out, leaf, gradient)
        found.append((out.detach(), passed))
    return found


def bits(x: Tensor) -> Tensor:
    """As integers, every NaN the same."""
    return torch.where(x.isnan(), torch.nan, x).contiguous().view(torch.int16)


@needed
@given(
    images=st.integers(1, 3),
    channels=st.integers(1, 70),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    special=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_result_and_gradient_are_torchs(
    images: int, channels: int, height: int, width: int, special: bool, seed: int
) -> None:
    stream = torch.Generator().manual_seed(seed)
    shape, pooled = (images, channels, height, width), (images, channels, height // 2, width // 2)

    def numbers(shape: tuple[int, ...]) -> Tensor:
        if special:
            chosen = torch.randint(0, len(SPECIAL), shape, generator=stream)
            drawn = torch.tensor(SPECIAL)[chosen]
        else:
            drawn = torch.randn(shape, generator=stream)
        return drawn.bfloat16()

    x = numbers(shape).contiguous(memory_format=torch.channels_last)
    (out, passed), (torchs_out, torchs_passed) = both(x, numbers(pooled))
    assert torch.equal(bits(out), bits(torchs_out))
    assert torch.equal(bits(passed), bits(torchs_passed))


@needed
@pytest.mark.skipif(platform.machine() != "x86_64", reason="torch may round zero's sign otherwise")
def test_it_is_built_and_used_where_torch_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = used(monkeypatch)
    x = torch.randn(2, 5, 4, 4).bfloat16().contiguous(memory_format=torch.channels_last)
    pooling.pooled(x, nn.Identity())
    assert len(calls) == 1


@needed
@pytest.mark.parametrize(
    "other", ["float32", "channels first", "several threads", "batch normalisation"]
)
def test_all_else_is_left_to_torch(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = used(monkeypatch)
    x = torch.randn(2, 5, 4, 4).bfloat16().contiguous(memory_format=torch.channels_last)
    norm = nn.BatchNorm2d(5) if other == "batch normalisation" else nn.Identity()
    if other == "float32":
        x = x.float()
    elif other == "channels first":
        x = x.contiguous()
    elif other == "several threads":
        torch.set_num_threads(2)
    assert torch.equal(pooling.pooled(x, norm), relu(norm(max_pool2d(x, 2))))
    assert not calls


@needed
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(order > most) | nan", "(order >= most) | nan"),  # ties go to the last
        ("(order > most) | nan", "(order > most)"),  # of several NaN the first
        ("most <= ALL(0), ALL(NONE)", "most < ALL(0), ALL(NONE)"),  # zero lets gradients pass
        ("value &= value != ALL(-0x8000);", ""),  # a gradient's sign at zero
    ],
)
def test_a_kernel_that_is_not_torchs_is_not_used(
    right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right.encode() in pooling._SOURCE
    changed = pooling._SOURCE.replace(right.encode(), wrong.encode())
    monkeypatch.setattr(pooling, "_SOURCE", changed)
    assert pooling.kernel() is None


def test_nothing_depends_on_whether_it_could_be_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(pooling.__file__).parent
    before = code_digest([NETWORK])
    assert folder / "pooling.c" in closure([NETWORK])
    here = set(folder.iterdir())
    pooling.kernel()
    for name, value in (("CC", "no-such-compiler"), ("CC", "false"), (pooling.SWITCH, "torch")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            pooling.kernel.cache_clear()
            assert pooling.kernel() is None
            assert code_digest([NETWORK]) == before
    assert set(folder.iterdir()) == here


@needed
def test_a_run_is_the_same_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, moved = [], []
    calls = used(monkeypatch)
    for switch in ("", "torch"):
        monkeypatch.setenv(pooling.SWITCH, switch)
        pooling.kernel.cache_clear()
        engine = Engine(case("seed_cnn", 16, 2, precision="bfloat16"), CPU)
        calls.clear()
        for _ in range(3):
            engine.step()
        assert len(calls) == (0 if switch else 6)
        weights.append([p.detach().clone() for p in engine.runs[0].model.parameters()])
        moved.append(traffic(engine.runs[0]))
    assert all(map(torch.equal, *weights))
    # It is seen by what watches operations, and spares the places in int64 and a pass of zeros.
    assert moved[0] < moved[1]
