"""An optimizer as the benchmark knows it: a row of the catalogue, or a class of the user's."""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nagbench.errors import InputError
from nagbench.search import Domain

if TYPE_CHECKING:
    import torch

FAMILIES = (
    "gradient descent",
    "momentum",
    "Nesterov",
    "adaptive",
    "sign",
    "matrix",
    "search",
    "tuning-free",
    "as printed",
    "yours",
)
# What leaves a method's path as it is, or moves it along: rotating the coordinates; multiplying the
# loss by c and the rate by 1/c; multiplying the loss alone.
SYMMETRIES = ("rotation", "rate", "loss")


_OURS = "nagbench.optimizers."
_IMPORTED = re.compile(r"^from (nagbench\.optimizers\.\w+) import", re.MULTILINE)
# What a docstring sets off as mathematics: up to the next empty line.
_FORMULA = re.compile(r"^\.\. math::(.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_LIBRARIES = {"pytorch_optimizer": "pytorch-optimizer", "schedulefree": "schedulefree"}


@dataclass(frozen=True)
class Optimizer:
    """One row: a class, its published defaults, and what must be known to compare it fairly.

    What it needs: a `closure` that evaluates the loss anew, hidden `matrices` in a group of their
    own, or to be left alone by the workload's schedule, for it brings its `own_schedule`. `memory`
    counts the tensors of a parameter's size that it keeps for each.
    """

    name: str
    label: str
    reference: str
    family: str
    citation: str
    defaults: Mapping[str, Any]
    space: Mapping[str, Domain]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    closure: bool = False
    matrices: bool = False
    own_schedule: bool = False
    memory: int | None = None
    symmetries: tuple[str, ...] = ()
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
            **self._needs(),
        }

    def identity(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What decides a run besides its workload and seed."""
        return {
            "reference": self.reference,
            "source": self._source_digest(),
            "closure": self.closure,
            "settings": {**self.fixed, **settings},
            **self._needs(),
        }

    def _needs(self) -> dict[str, bool]:
        """Those that few have, left out where they are not."""
        needs = {"matrices": self.matrices, "own_schedule": self.own_schedule}
        return {name: True for name, needed in needs.items() if needed}

    def source_files(self) -> list[Path]:
        """The files of a class that is ours or the user's; none where a library brings it."""
        module, _, _ = self.reference.partition(":")
        if module.endswith(".py"):
            return [Path(module)]
        found: list[Path] = []
        waiting = [module] if module.startswith(_OURS) else []
        while waiting:
            path = Path(__file__).with_name(waiting.pop().removeprefix(_OURS) + ".py")
            if path not in found:
                found.append(path)
                waiting += _IMPORTED.findall(path.read_text(encoding="utf-8"))
        return found

    def formula(self) -> str:
        """The rule as the docstring of a class of ours states it, in LaTeX; else nothing."""
        module, _, name = self.reference.partition(":")
        if not module.startswith(_OURS):
            return ""
        text = Path(__file__).with_name(module.removeprefix(_OURS) + ".py").read_text("utf-8")
        (found,) = (
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef) and node.name == name
        )
        stated = _FORMULA.search(ast.get_docstring(found) or "")
        return " ".join(stated[1].split()) if stated else ""

    def _source_digest(self) -> str | None:
        """A user's file belongs to the identity; the project's own files are traced as sources."""
        if not self.reference.partition(":")[0].endswith(".py"):
            return None
        (path,) = self.source_files()
        if not path.is_file():
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
            allowed = "a module or file that Python imports"
            if module_name in _LIBRARIES:
                allowed = f"the library installed: pip install {_LIBRARIES[module_name]}"
            raise InputError(place, found, allowed) from None
        loaded = getattr(module, class_name, None)
        if not (inspect.isclass(loaded) and issubclass(loaded, torch.optim.Optimizer)):
            found = f"{class_name} is {'missing' if loaded is None else 'no optimizer'}"
            raise InputError(place, found, "a subclass of torch.optim.Optimizer")
        self._check_closure(place, loaded)
        return loaded

    def _check_closure(self, place: str, loaded: "type[torch.optim.Optimizer]") -> None:
        """Refuse a class that needs a closure and gets none, or gets one and cannot take it."""
        taken = list(inspect.signature(loaded.step).parameters.values())[1:]
        if self.closure and not taken:
            raise InputError(place, "its step takes no closure", "closure: false, or such a class")
        if not self.closure and taken and taken[0].default is inspect.Parameter.empty:
            raise InputError(place, "its step needs a closure", "closure: true")

    def build(
        self, parameters: Any, settings: Mapping[str, Any], device: str = "cpu"
    ) -> "torch.optim.Optimizer":
        """An instance over `parameters`; settings that the class refuses are one clear error.

        On a GPU a class that can keep its step count there is asked to, so that its step can be
        recorded; torch's SGD reads a rate that is a tensor there only in its fused form.
        """
        constructor: Any = self.load()
        arguments = {**self.fixed, **settings}
        if device == "cuda":
            if "capturable" in inspect.signature(constructor).parameters:
                arguments["capturable"] = True
            elif self.reference == "torch.optim:SGD":
                arguments["fused"] = True
        try:
            groups = _by_shape(list(parameters)) if self.matrices else parameters
            instance: torch.optim.Optimizer = constructor(groups, **arguments)
        except (TypeError, ValueError) as error:
            place = f"optimizer {self.name} ({self.reference})"
            known = [name for name in inspect.signature(constructor).parameters if name != "params"]
            found = f"{arguments} refused: {error}"
            raise InputError(place, found, "values in range of " + ", ".join(known)) from None
        return instance


def _by_shape(parameters: "list[torch.Tensor]") -> list[dict[str, Any]]:
    """Hidden matrices and kernels for Muon; vectors and the last layer for the AdamW beside it."""
    matrices = [n for n, parameter in enumerate(parameters) if parameter.ndim > 1]
    hidden = set(matrices[:-1] or matrices)
    return [
        {"params": [p for n, p in enumerate(parameters) if (n in hidden) == muon], "use_muon": muon}
        for muon in (True, False)
        if any((n in hidden) == muon for n in range(len(parameters)))
    ]


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
    "nu": (0.0, 1.0, True, True),
    "beta": _UNIT,
    "alpha": _UNIT,
    "kappa": (1.0, float("inf"), True, False),
    "threshold": (0.0, float("inf"), False, True),
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
