"""What decides how numbers are computed beside a recipe: set before each run, compared after it.

A user's optimizer is arbitrary code and may change any of it, when it is imported or later. Setting
all of it again keeps one run from another's changes; comparing says which run made them.
"""

import random
from typing import Any

import numpy as np
import torch

from nagbench.engine.randomness import word
from nagbench.engine.variables import check_variables


def establish(device: torch.device) -> dict[str, Any]:
    """Compute from here on as records promise: in one thread, deterministically, unshortened.

    Returns what is then `in_force`.
    """
    check_variables()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(1)  # a run's result must not depend on the number of cores
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    # float32 means float32: no shortened mantissas unless a study asks for bfloat16.
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.mkldnn.matmul.fp32_precision = "ieee"  # type: ignore[attr-defined]
    torch.backends.mkldnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    return in_force()


def in_force() -> dict[str, Any]:
    """What `establish` sets, as it is now, in plain values."""
    return {
        "threads": torch.get_num_threads(),
        "default_dtype": str(torch.get_default_dtype()),
        "default_device": str(torch.get_default_device()),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "cudnn_precision": torch.backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined]
        "cuda_precision": torch.backends.cuda.matmul.fp32_precision,
        "mkldnn_matmul_precision": torch.backends.mkldnn.matmul.fp32_precision,  # type: ignore[attr-defined]
        "mkldnn_conv_precision": torch.backends.mkldnn.conv.fp32_precision,  # type: ignore[attr-defined]
    }


def changed(before: dict[str, Any]) -> set[str]:
    """The names of what is no longer as `in_force` said it was."""
    now = in_force()
    return {name for name, value in before.items() if now[name] != value}


def seed(run: int, epoch: int) -> None:
    """Seed every global random generator for an epoch of the run with this seed.

    What the engine itself needs comes from tables; these are for optimizers that draw numbers.
    """
    value = word(run, "optimizer", epoch)
    torch.manual_seed(value)
    np.random.seed(value % 2**32)  # noqa: NPY002 - the global generator is what libraries use
    random.seed(value)


def generators() -> tuple[Any, ...]:
    """Where every global random generator is: to tell whether one was used, or to `put_back`."""
    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if used else ()
    name, words, *rest = np.random.get_state()  # noqa: NPY002
    return (
        torch.get_rng_state().numpy().tobytes(),
        tuple(torch.cuda.get_rng_state(n).numpy().tobytes() for n in devices),
        (name, tuple(words), *rest),
        random.getstate(),
    )


def put_back(generators: tuple[Any, ...]) -> None:
    """Set every global random generator to where it was."""
    cpu, devices, arrays, plain = generators
    torch.set_rng_state(torch.frombuffer(bytearray(cpu), dtype=torch.uint8))
    for number, state in enumerate(devices):
        torch.cuda.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8), number)
    np.random.set_state(arrays)  # noqa: NPY002
    random.setstate(plain)
