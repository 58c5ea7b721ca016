"""Pooling and rectifier in one pass of a CPU, where a C compiler can build what does it.

In bfloat16 torch's two passes and their gradients take a sixth of a small network's step. The
kernel compares numbers and copies them, and computes with none; and it is used only after it has
given, on this machine, what torch gives on every window of the numbers that are special. So no
number depends on whether it could be built.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad, relu

SWITCH = "NAGBENCH_KERNELS"  # `torch` there: nothing is compiled
# Read when this module is: what is compiled later belongs to the code that was loaded.
_SOURCE = Path(__file__).with_name("pooling.c").read_bytes()
_FLAGS = ("-O3", "-march=native", "-shared", "-fPIC", "-x", "c", "-")


def pooled(x: Tensor, norm: nn.Module) -> Tensor:
    """`relu(norm(max_pool2d(x, 2)))` of (images, channels, height, width), as torch has it.

    Pooling first gives the same numbers in less time. The kernel has one thread: where torch may
    use several, torch does it.
    """
    served = (
        isinstance(norm, nn.Identity)
        and x.dtype == torch.bfloat16
        and x.device.type == "cpu"
        and torch.get_num_threads() == 1
        and min(x.shape[2:]) > 1
        and x.is_contiguous(memory_format=torch.channels_last)
    )
    if not served or kernel() is None:
        return relu(norm(max_pool2d(x, 2)))
    out: Tensor = _Pooled.apply(x)  # type: ignore[no-untyped-call]
    return out


@cache
def kernel() -> ctypes.CDLL | None:
    """The kernel built for this machine; None if it cannot be, must not be, or is not torch's."""
    if os.environ.get(SWITCH) == "torch":
        return None
    built = _build()
    return built if built is not None and _agrees(built) else None


def _build() -> ctypes.CDLL | None:
    """Compiled anew in every process: it takes a tenth of a second, and nothing can be stale."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "pooling.so")
        command = [compiler, *_FLAGS, "-o", os.fspath(library)]
        try:
            subprocess.run(command, input=_SOURCE, check=True, capture_output=True, timeout=60)
            built = ctypes.CDLL(os.fspath(library))
        except (OSError, subprocess.SubprocessError):
            return None
    for function in (built.forward, built.backward):
        function.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 4
        function.restype = None
    return built


def _agrees(built: ctypes.CDLL) -> bool:
    """Whether forward and backward are torch's on every window of special numbers."""
    special = (0.0, -0.0, 1.0, 2.0, -1.0, 1e-39, -1e-39, torch.inf, -torch.inf, torch.nan)
    with torch.inference_mode(False), torch.enable_grad():
        numbers = torch.tensor(special, dtype=torch.bfloat16)
        windows = torch.cartesian_prod(*[numbers] * 4)
        # A number of gradients that shares no divisor with that of the last pixels: all pairs.
        gradients = numbers[1:].repeat(len(windows) // (len(numbers) - 1) + 1)[: len(windows)]
        for channels in (1, 5, 40, len(windows)):  # in whole vectors, in parts, and in both
            pixels = windows.reshape(-1, channels, 2, 2)
            # And a row and a column that belong to no window.
            x = _channels_last(pad(pixels, (0, 1, 0, 1), value=1.0)).requires_grad_()
            gradient = _channels_last(gradients.reshape(-1, channels, 1, 1))
            out = relu(max_pool2d(x, 2))
            (passed,) = torch.autograd.grad(out, x, gradient)
            here, places = _forward(built, x.detach())
            back = _backward(built, gradient, places, list(x.shape))
            if not (_same(out, here) and _same(passed, back)):
                return False
    return True


def _same(left: Tensor, right: Tensor) -> bool:
    """Equal bit for bit, every NaN being like every other."""
    bits = left.detach().view(torch.int16) == right.view(torch.int16)
    return bool((bits | (left.isnan() & right.isnan())).all())


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _empty(shape: list[int], like: Tensor) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, memory_format=torch.channels_last)


def _forward(built: ctypes.CDLL, x: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers, and (images, height, width, channels) where in its window each one lies."""
    images, channels, height, width = x.shape
    out = _empty([images, channels, height // 2, width // 2], x)
    places = torch.empty((images, height // 2, width // 2, channels), dtype=torch.uint8)
    built.forward(x.data_ptr(), out.data_ptr(), places.data_ptr(), images, height, width, channels)
    return out, places


def _backward(built: ctypes.CDLL, gradient: Tensor, places: Tensor, shape: list[int]) -> Tensor:
    """The gradient with respect to what was pooled, of that shape."""
    images, channels, height, width = shape
    gradient, result = _channels_last(gradient), _empty(shape, gradient)
    pointers = gradient.data_ptr(), places.data_ptr(), result.data_ptr()
    built.backward(*pointers, images, height, width, channels)
    return result


class _Pooled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        out, places = torch.ops.nagbench.pooled(x)
        ctx.save_for_backward(places)
        ctx.shape = list(x.shape)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return torch.ops.nagbench.pooled_backward(*gradients, *ctx.saved_tensors, ctx.shape)


def _known_to_torch() -> Any:
    """The kernel as operations, so that what watches a step sees them and can repeat them."""
    library: Any = torch.library.Library("nagbench", "DEF")  # type: ignore[no-untyped-call]
    library.define("pooled(Tensor x) -> (Tensor, Tensor)")
    library.define("pooled_backward(Tensor gradient, Tensor places, SymInt[] shape) -> Tensor")
    library.impl("pooled", lambda x: _forward(_built(), x), "CPU")
    library.impl("pooled_backward", lambda *given: _backward(_built(), *given), "CPU")
    return library


def _built() -> ctypes.CDLL:
    built = kernel()
    assert built is not None
    return built


_LIBRARY = _known_to_torch()  # without it the operations would be gone
