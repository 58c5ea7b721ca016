"""Environment variables that change numbers behind torch's back. Nothing here imports torch."""

import os
from collections.abc import Mapping

from nagbench.errors import InputError

# What cuBLAS needs, before its first use, to multiply matrices in the same order each time.
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
# The values with which numbers are what a record says. The first stands for a variable not set.
ADMITTED = {
    WORKSPACE: (":4096:8", ":16:8"),
    "NVIDIA_TF32_OVERRIDE": ("", "0"),
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": ("", "0"),
    "ONEDNN_DEFAULT_FPMATH_MODE": ("", "STRICT"),
    "DNNL_DEFAULT_FPMATH_MODE": ("", "STRICT"),
    "NAGBENCH_KERNELS": ("", "torch"),
}
# Those that choose a CPU's instructions, and so the rounding: free to be set, and recorded.
RECORDED = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "OPENBLAS_CORETYPE",
    "NAGBENCH_KERNELS",
)


def check_variables() -> None:
    """Refuse values that would falsify results; set what cuBLAS needs. Before torch is imported."""
    for name, admitted in ADMITTED.items():
        value = os.environ.get(name, admitted[0])
        if value not in admitted:
            allowed = " or ".join(repr(value) if value else "not set" for value in admitted)
            raise InputError(f"environment variable {name}", f"found {value!r}", allowed)
    os.environ.setdefault(WORKSPACE, ADMITTED[WORKSPACE][0])


def recorded() -> Mapping[str, str]:
    """Those of `RECORDED` that are set."""
    return {name: os.environ[name] for name in RECORDED if name in os.environ}
