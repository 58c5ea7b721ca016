"""All that decides one run, resolved: what the engine is given, and what a run is named by.

A recipe holds plain values and the names of code, never an object that a registry looked up, so it
can be written as JSON, sent to another machine, and trained there.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained, whatever the network, the data and the optimizer.

    Attributes:
        batch_size: Images in a step.
        epochs: Passes over the training images.
        train_size: Training images, the first of the split; all that are not held out if None.
        precision: Number type of activations: `float32`, `bfloat16` or `float64`. Weights are in
            float32 beside bfloat16 activations.
        padding: Largest shift of a random crop, in pixels.
        flip: Whether half of the training images are mirrored.
        cutout: Side of the square blanked in each training image, in pixels; 0 for none.
        schedule: Module of `nagbench.schedules` that scales the learning rate within a run.
        decay: Factor of the schedules that decay by one.
        loss: Module of `nagbench.losses` that is minimised.
        label_smoothing: Share of the label that is spread over all classes.
        initializer: Module of `nagbench.initializers` that makes the initial weights.
        l1: Factor of the weights' absolute sum in the objective.
        l2: Half the factor of the sum of their squares.
    """

    batch_size: int
    epochs: int
    train_size: int | None = None
    precision: str = "float32"
    padding: int = 4
    flip: bool = True
    cutout: int = 0
    schedule: str = "constant"
    decay: float = 0.95
    loss: str = "cross_entropy"
    label_smoothing: float = 0.0
    initializer: str = "network"
    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Recipe(Training):
    """One run: training options, data, network, optimizer, and the seed that decides chance.

    Attributes:
        data: Name of the data set.
        validation_size: Training images held out for validation.
        network: `module:Class` of the network.
        network_options: Keyword arguments of that class beside the shapes, which are the data's.
        optimizer: `module:Class` or `file.py:Class` of the optimizer, or a function that makes it.
        settings: Keyword arguments of that class.
        seed: Decides initial weights, order, augmentation, dropout, and what the optimizer draws.
        judged_on_test: Whether the test set is evaluated beside the validation set.
        closure: Whether the optimizer's step evaluates the loss anew.
        create_graph: Whether the optimizer's step differentiates the gradient.
        matrices: Whether the optimizer wants hidden matrices in a group of their own.
        divergence_factor: A loss above this multiple of the first one counts as high.
        divergence_steps: So many high losses in a row are divergence.
    """

    data: str
    validation_size: int
    network: str
    network_options: Mapping[str, Any] = field(default_factory=dict)
    optimizer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int
    judged_on_test: bool = False
    closure: bool = False
    create_graph: bool = False
    matrices: bool = False
    divergence_factor: float = 5.0
    divergence_steps: int = 50

    def definition(self) -> dict[str, Any]:
        """The recipe as plain data, without what is at its default.

        So that a new option renames no run without it. `Recipe(**definition)` is the recipe again.
        """
        return {
            entry.name: plain(getattr(self, entry.name))
            for entry in fields(self)
            if getattr(self, entry.name) != _default(entry)
        }

    @cached_property
    def id(self) -> str:
        """The run's name: 16 hexadecimal digits of a digest of its definition.

        It is the same on every machine and says nothing of the code, which has a digest of its own.
        """
        return digest(self.definition())

    def modules(self) -> list[str]:
        """The modules and files that the engine loads by name for this run."""
        return [
            self.network.partition(":")[0],
            self.optimizer.rpartition(":")[0],
            f"nagbench.schedules.{self.schedule}",
            f"nagbench.losses.{self.loss}",
            f"nagbench.initializers.{self.initializer}",
        ]


def digest(value: Any) -> str:
    """A short name for plain data, the same whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """`value` with mappings as dicts and tuples as lists, as it comes back from JSON."""
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def _default(entry: Any) -> Any:
    return entry.default if entry.default_factory is MISSING else entry.default_factory()
