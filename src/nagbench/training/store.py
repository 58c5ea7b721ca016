"""Finished runs, kept one by one under what determines them, until their unit is complete.

An interrupted unit, started again, finds here what it had finished, and the state of the run that
it was at. The name of a file holds the run's identity and the digests of code and data, so nothing
stale is ever taken.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nagbench.files import atomic_path
from nagbench.training.checkpoint import Checkpoint


class Store:
    """A folder of finished runs' outcomes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """The outcome kept under `key`; an unreadable file counts as none and is made again."""
        try:
            kept = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept if isinstance(kept, dict) else None

    def put(self, key: str, outcome: Mapping[str, Any]) -> None:
        with atomic_path(self._path(key)) as path:
            path.write_text(json.dumps(outcome), encoding="utf-8")

    def checkpoint(self, key: str) -> Checkpoint:
        """Where the run of this key keeps its state while it trains."""
        return Checkpoint(self._path(key).with_suffix(".checkpoint"))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
