"""Which device trains: what was asked for, held against what the machine has."""

import os
import shutil
import subprocess

from nagbench.errors import InputError

DEVICES = ("auto", "cpu", "cuda")


def has_gpu() -> bool:
    """Whether NVIDIA's driver lists a GPU; torch, which takes seconds to import, is not asked."""
    command = shutil.which("nvidia-smi")
    if command is None or os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return False
    listed = subprocess.run([command, "-L"], capture_output=True, text=True, check=False)
    return listed.returncode == 0 and "GPU " in listed.stdout


def resolve(device: str) -> str:
    """`cpu` or `cuda` for what the user asked; an `InputError` for a GPU that torch cannot use."""
    import torch

    # Deterministic matrix products on a GPU need this before its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    usable = torch.cuda.is_available()
    if device == "cuda" and not usable:
        found = f"no GPU that torch {torch.__version__} can use"
        raise InputError("--device cuda", found, "a CUDA build of torch on a GPU, or --device cpu")
    return "cuda" if device == "cuda" or (device == "auto" and usable) else "cpu"
