"""The one table of optimizers: tests, legends, the paper and the command line read it.

A row names a `torch.optim.Optimizer` class as `module:Class` (nothing here imports torch), the
published defaults, the space in which it is tuned, and where it comes from. Nothing else registers
an optimizer.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nagbench.errors import InputError
from nagbench.search import Domain

if TYPE_CHECKING:
    import torch

FAMILIES = ("gradient descent", "momentum", "Nesterov", "adaptive", "yours")


@dataclass(frozen=True)
class Optimizer:
    """One row: a class, its published defaults, and what must be known to compare it fairly."""

    name: str
    label: str
    reference: str
    family: str
    citation: str
    defaults: Mapping[str, Any]
    space: Mapping[str, Domain]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    closure: bool = False
    note: str = ""

    def definition(self) -> dict[str, Any]:
        """What a result depends on: the words that only describe (label, note) are left out."""
        return {
            "reference": self.reference,
            "source": self._source_digest(),
            "defaults": dict(self.defaults),
            "space": {axis: asdict(domain) for axis, domain in sorted(self.space.items())},
            "fixed": dict(self.fixed),
            "closure": self.closure,
        }

    def identity(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What decides a run besides its workload and seed."""
        return {
            "reference": self.reference,
            "source": self._source_digest(),
            "closure": self.closure,
            "settings": {**self.fixed, **settings},
        }

    def source_file(self) -> Path | None:
        """The file of a class that is ours or the user's; None where a library brings it."""
        module, _, _ = self.reference.partition(":")
        if module.endswith(".py"):
            return Path(module)
        if module.startswith("nagbench.optimizers."):
            return Path(__file__).with_name(module.rpartition(".")[2] + ".py")
        return None

    def _source_digest(self) -> str | None:
        """A user's file belongs to the identity; the project's own files are traced as sources."""
        if not self.reference.partition(":")[0].endswith(".py"):
            return None
        path = self.source_file()
        if path is None or not path.is_file():
            raise InputError(self.reference, "no such file", "an existing Python file")
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]

    def load(self) -> "type[torch.optim.Optimizer]":
        """The class, imported; an `InputError` if it cannot be, or is no optimizer."""
        import torch

        module_name, _, class_name = self.reference.partition(":")
        place = f"optimizer {self.name} ({self.reference})"
        try:
            if module_name.endswith(".py"):
                module = _import_file(Path(module_name))
            else:
                module = importlib.import_module(module_name)
        except Exception as error:
            found = f"cannot be imported ({type(error).__name__}: {error})"
            raise InputError(place, found, "a module or file that Python imports") from None
        loaded = getattr(module, class_name, None)
        if not (inspect.isclass(loaded) and issubclass(loaded, torch.optim.Optimizer)):
            found = f"{class_name} is {'missing' if loaded is None else 'no optimizer'}"
            raise InputError(place, found, "a subclass of torch.optim.Optimizer")
        return loaded

    def build(
        self, parameters: Any, settings: Mapping[str, Any], device: str = "cpu"
    ) -> "torch.optim.Optimizer":
        """An instance over `parameters`; settings that the class refuses are one clear error.

        On a GPU a class that can keep its step count there is asked to, so that its step can be
        recorded.
        """
        constructor: Any = self.load()
        arguments = {**self.fixed, **settings}
        if device == "cuda" and "capturable" in inspect.signature(constructor).parameters:
            arguments["capturable"] = True
        try:
            instance: torch.optim.Optimizer = constructor(parameters, **arguments)
        except (TypeError, ValueError) as error:
            place = f"optimizer {self.name} ({self.reference})"
            known = [name for name in inspect.signature(constructor).parameters if name != "params"]
            found = f"{arguments} refused: {error}"
            raise InputError(place, found, "values in range of " + ", ".join(known)) from None
        return instance


def _import_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"nagbench_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickle look their module up there
    spec.loader.exec_module(module)
    return module


# Settings that mean the same everywhere: (lowest, highest, lowest admitted, highest admitted).
_UNIT = (0.0, 1.0, True, False)
BOUNDS: dict[str, tuple[float, float, bool, bool]] = {
    "lr": (0.0, float("inf"), False, False),
    "momentum": _UNIT,
    "betas": _UNIT,
    "eps": (0.0, float("inf"), True, False),
    "weight_decay": (0.0, float("inf"), True, False),
    "momentum_decay": (0.0, float("inf"), True, False),
}


def check_setting(place: str, name: str, value: Any) -> None:
    """Refuse a setting outside its mathematical range."""
    if name not in BOUNDS:
        return
    low, high, low_admitted, high_admitted = BOUNDS[name]
    left, right = ("[" if low_admitted else "("), ("]" if high_admitted else ")")
    for number in value if isinstance(value, list | tuple) else [value]:
        good = isinstance(number, int | float) and not isinstance(number, bool)
        good = good and (low < number or (low_admitted and low == number))
        if not (good and (number < high or (high_admitted and number == high))):
            raise InputError(
                place, f"found {value!r}", f"numbers in {left}{low:g}, {high:g}{right}"
            )


_MOMENTUM_RATES = {"lr": Domain(1e-3, 1.0)}
_ADAPTIVE_RATES = {"lr": Domain(1e-4, 1e-1)}

CATALOGUE: Mapping[str, Optimizer] = {
    row.name: row
    for row in (
        Optimizer(
            name="sgd",
            label="SGD",
            reference="torch.optim:SGD",
            family="gradient descent",
            citation="robbins1951stochastic",
            defaults={"lr": 0.1},
            space={"lr": Domain(1e-2, 10.0)},
            note="No momentum. Its rates lie a decade above those of momentum 0.9, which in the "
            "long run multiplies the step by 1/(1 - 0.9).",
        ),
        Optimizer(
            name="heavy_ball",
            label="Heavy ball",
            reference="torch.optim:SGD",
            family="momentum",
            citation="polyak1964methods",
            defaults={"lr": 0.01, "momentum": 0.9},
            space=_MOMENTUM_RATES,
        ),
        Optimizer(
            name="nag",
            label="NAG",
            reference="torch.optim:SGD",
            family="Nesterov",
            citation="bengio2013advances",
            defaults={"lr": 0.01, "momentum": 0.9},
            space=_MOMENTUM_RATES,
            fixed={"nesterov": True},
            note="torch's form: the velocity does not hold the learning rate, and the parameters "
            "are the look-ahead point.",
        ),
        Optimizer(
            name="nag_sutskever",
            label="NAG (Sutskever)",
            reference="nagbench.optimizers.nag_sutskever:NAGSutskever",
            family="Nesterov",
            citation="sutskever2013importance",
            defaults={"lr": 0.01, "momentum": 0.9},
            space=_MOMENTUM_RATES,
            note="The velocity holds the learning rate, and the method is judged at its own point, "
            "not at the look-ahead. At a constant rate it takes the gradients of `nag`.",
        ),
        Optimizer(
            name="adam",
            label="Adam",
            reference="torch.optim:Adam",
            family="adaptive",
            citation="kingma2015adam",
            defaults={"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8},
            space=_ADAPTIVE_RATES,
        ),
        Optimizer(
            name="nadam",
            label="NAdam",
            reference="torch.optim:NAdam",
            family="adaptive",
            citation="dozat2016incorporating",
            defaults={"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "momentum_decay": 4e-3},
            space=_ADAPTIVE_RATES,
        ),
    )
}
