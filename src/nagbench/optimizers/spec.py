"""What the benchmark knows of an optimizer: a row of the catalogue, or a class of the user's.

Plain values and names: nothing here imports torch. `nagbench.engine.build` loads and makes what a
reference names.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nagbench.optimizers.search_space import Domain

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
SYMMETRIES = ("rotation", "rate", "loss")

_OURS = "nagbench.optimizers."
# What a docstring sets off as mathematics: up to the next empty line.
_FORMULA = re.compile(r"^\.\. math::(.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class OptimizerSpec:
    """An optimizer's class, its published defaults, and what must be known to compare it fairly.

    Attributes:
        name: What studies, records and the command line call it.
        label: Its name in figures and tables.
        reference: `module:Class` or `file.py:Class` of a `torch.optim.Optimizer`; or of a function
            that returns one, given parameters and settings.
        family: One of `FAMILIES`.
        citation: Key of the article in `paper/references.bib`; empty where there is none.
        defaults: Published settings by name, the first that tuning tries.
        space: For each coordinate that is tuned, where tuning looks.
        fixed: Settings that make the class this optimizer, which no study changes.
        closure: Whether its step evaluates the loss anew, by a closure that it is given.
        create_graph: Whether its step differentiates the gradient, whose graph must then be kept.
        matrices: Whether it wants hidden matrices in a parameter group of their own.
        late: Whether short runs rank its settings badly, so that the end alone compares them.
        own_schedule: Whether it brings its own schedule, so that the workload's leaves it alone.
        memory: Tensors of a parameter's size that it keeps for each parameter; None where that
            depends on the parameter's shape.
        symmetries: Those of `SYMMETRIES` that its path has. `rotation`: rotated coordinates rotate
            it; `rate`: it stays when the loss is multiplied by c and the rate by 1/c; `loss`: it
            stays when the loss alone is multiplied.
        note: What a reader of its results must know.
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
    create_graph: bool = False
    matrices: bool = False
    late: bool = False
    own_schedule: bool = False
    memory: int | None = None
    symmetries: tuple[str, ...] = ()
    note: str = ""

    @property
    def file(self) -> Path | None:
        """The user's file that holds the class or function; None where a module does."""
        module = self.reference.rpartition(":")[0]
        return Path(module) if module.endswith(".py") else None

    def formula(self) -> str:
        """The first formula set off in its docstring, in LaTeX; empty if not ours."""
        module, _, name = self.reference.partition(":")
        if not module.startswith(_OURS):
            return ""
        text = Path(__file__).with_name(module.removeprefix(_OURS) + ".py").read_text("utf-8")
        (definition,) = (
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name
        )
        stated = _FORMULA.search(ast.get_docstring(definition) or "")
        return " ".join(stated[1].split()) if stated else ""
