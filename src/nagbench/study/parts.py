"""What is valid in a study file, for checks of what must fit together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nagbench.optimizers.spec import OptimizerSpec


@dataclass(frozen=True)
class Parts:
    """What is valid in a study file; what is not is absent.

    Attributes:
        fields: By key; `workloads`, `optimizers` and `hypotheses` hold their valid entries.
        optimizers: The rows that the optimizers' sections amount to.
        names: Of `workloads` and `optimizers` all names, also those whose entries are not valid;
            absent where there is no mapping.
    """

    fields: Mapping[str, Any]
    optimizers: Mapping[str, OptimizerSpec]
    names: Mapping[str, Collection[str]]

    def of(self, key: str) -> Mapping[str, Any]:
        """The valid entries of a mapping."""
        entries: Mapping[str, Any] = self.fields.get(key, {})
        return entries

    def competitors(self, workload: str) -> Collection[str] | None:
        """The names of those that train there; None where that cannot be said."""
        if workload not in self.of("workloads"):
            return None
        wanted: Collection[str] | None = self.of("workloads")[workload].optimizers
        return self.names.get("optimizers") if wanted is None else wanted
