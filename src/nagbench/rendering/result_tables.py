"""The result tables of a folder, which all of rendering reads."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError


class ResultTables(Mapping[str, pd.DataFrame]):
    """The result tables of a folder, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> pd.DataFrame:
        path = self.folder / f"{name}.parquet"
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            found = f"not readable ({str(error).splitlines()[0]})"
            raise InputError(path, found, "what `nagbench statistics` wrote") from None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(sorted(path.stem for path in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return len(list(iter(self)))
