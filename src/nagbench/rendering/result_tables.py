"""The result tables of a folder, which all of rendering reads."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench import parquet


class ResultTables(Mapping[str, pd.DataFrame]):
    """The result tables of a folder, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> pd.DataFrame:
        return parquet.read_frame(self.folder / f"{name}.parquet")

    def __contains__(self, name: object) -> bool:
        return (self.folder / f"{name}.parquet").is_file()

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(sorted(path.stem for path in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return len(list(iter(self)))
