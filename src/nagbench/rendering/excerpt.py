"""Result tables of some optimizers and workloads alone, under names of one's own."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.lookup import Tables
from nagbench.study.model import ALL_WORKLOADS
from nagbench.study.wording import listed, perhaps


class Excerpt(Mapping[str, pd.DataFrame]):
    """The rows of result tables that are about what was asked for.

    Nothing is computed anew: intervals, corrections and ranks are those of the whole study.
    """

    def __init__(
        self,
        tables: Tables,
        optimizers: Sequence[str] = (),
        workloads: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Of `optimizers` and `workloads`, all where none is named; `labels` by name replace
        those of the study."""
        self._tables, self._labels = tables, dict(labels or {})
        self._kept = {"optimizer": tuple(optimizers), "workload": tuple(workloads)}
        known = {kind: list(tables[f"{kind}s"][kind]) for kind in self._kept}
        for kind, names in self._kept.items():
            _check(f"--{kind}s", names, known[kind])
        _check("--label", self._labels, [*known["optimizer"], *known["workload"]])

    def __getitem__(self, name: str) -> pd.DataFrame:
        table = self._tables[name]
        columns = {"optimizer": "optimizer", "workload": "workload", "scope": "workload"}
        if name != "optimizers":  # where it is the class
            columns["reference"] = "optimizer"
        for column, kind in columns.items():
            if column in table and self._kept[kind]:
                table = table[table[column].isin([*self._kept[kind], ALL_WORKLOADS])]
        for kind in self._kept:
            if name == f"{kind}s":
                pairs = zip(table[kind], table["label"], strict=True)
                table = table.assign(label=[self._labels.get(key, label) for key, label in pairs])
                if order := self._kept[kind]:  # as it was asked for
                    table = table.set_index(kind, drop=False).loc[list(order)]
                    table = table.reset_index(drop=True)
        return table

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def _check(option: str, names: Collection[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(option, f"found {name!r}{perhaps(name, known)}", listed(known))
