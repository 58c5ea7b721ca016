"""The state of a run between two epochs, so that a cut-off run goes on where it was."""

import io
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nagbench.files import DamagedError, read_sealed, write_sealed


@dataclass
class Checkpoint:
    """Where a run's state is kept; written at most once in `seconds`, unless it must be."""

    path: Path
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._written = self.clock()

    def due(self) -> bool:
        return self.clock() - self._written >= self.seconds

    def save(self, state: dict[str, Any]) -> None:
        content = io.BytesIO()
        torch.save(state, content)
        write_sealed(self.path, content.getvalue())
        self._written = self.clock()

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state, or None if there is none or not a bit-exact one: the run then begins anew."""
        try:
            content = io.BytesIO(read_sealed(self.path))
            state: dict[str, Any] = torch.load(content, map_location=device, weights_only=True)
        except (OSError, DamagedError, RuntimeError, EOFError, pickle.UnpicklingError):
            return None
        return state

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
