"""The result tables of a folder, which all of rendering reads."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench import parquet


class ResultTables(Mapping[str, pd.DataFrame]):
    """The result tables of a folder, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = parquet.read_frame(self.folder / f"{name}.parquet")
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return (self.folder / f"{name}.parquet").is_file()

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(sorted(path.stem for path in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return len(list(iter(self)))
