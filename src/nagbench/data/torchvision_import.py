"""torchvision, importable beside a CPU-only torch.

The registry's torchvision wheel is built for CUDA. Beside a torch without CUDA its compiled
operators do not load, and the import then fails where torchvision attaches shape rules to operators
that nobody has declared ("operator torchvision::nms does not exist"). Only their names are missing:
this project uses torchvision's data sets, which call none of them. Declaring the names lets the
import through; with a matching pair of wheels nothing is declared.
"""

import importlib
from types import ModuleType

import torch

_OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align": (
        "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, "
        "SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor"
    ),
}


def import_torchvision() -> ModuleType:
    """The module, whichever of the two wheels of torch it stands beside."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name, signature in _OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", signature)
    return importlib.import_module("torchvision")
