"""Finished runs, kept one by one under what determines them, until their unit is complete.

An interrupted unit, started again, finds here what it had finished, and the state of the run that
it was at. The name of a file holds the run's identity and the digests of code and data, so nothing
stale is ever taken.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nagbench.files import read_sealed, write_sealed
from nagbench.runner.checkpoint import Checkpoint


def part(key: str, epochs: int) -> str:
    """The key of a run that is stopped after so many epochs; it may go on from there."""
    return f"{key}-{epochs}"


class Store:
    """A folder of finished runs' outcomes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()  # whatever folder an optimizer changes to

    def get(self, key: str) -> dict[str, Any] | None:
        """The outcome kept under `key`; a damaged file counts as none and is made again."""
        try:
            kept: dict[str, Any] = json.loads(read_sealed(self._path(key)))
        except (OSError, ValueError):
            return None
        return kept

    def put(self, key: str, outcome: Mapping[str, Any]) -> None:
        write_sealed(self._path(key), json.dumps(outcome).encode())

    def checkpoint(self, key: str) -> Checkpoint:
        """Where the run of this key, or of a part of it, keeps its state while it trains."""
        return Checkpoint(self._path(key.partition("-")[0]).with_suffix(".checkpoint"))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
