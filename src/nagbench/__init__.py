"""NAG-Bench: does Nesterov acceleration train image classifiers faster and more steadily?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nagbench.api.drawing import draw
    from nagbench.api.loading import load
    from nagbench.api.training import train
    from nagbench.version import __version__

__all__ = ["__version__", "draw", "load", "train"]
_PLACES = {
    "__version__": "version",
    "draw": "api.drawing",
    "load": "api.loading",
    "train": "api.training",
}


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for, by a name that is made here: every run executes this file, and
    # what it imports is code of every run.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
