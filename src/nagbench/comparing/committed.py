"""The committed records of the study by whose protocol a comparison trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nagbench.errors import InputError
from nagbench.integrity import check_unit
from nagbench.records import read_tables, write_unit
from nagbench.runner.unfinished import rows_of
from nagbench.statistics.roles import Selection, select
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study
from nagbench.study.unit import Unit


@dataclass(frozen=True)
class Committed:
    """Records of one workload of a study, for a comparison there.

    Attributes:
        labels: Of its optimizers.
        selection: Its runs.
    """

    labels: Mapping[str, str]
    selection: Selection

    @property
    def tested(self) -> list[str]:
        """The optimizers with runs of the test stage, in the study's order."""
        there = set(self.selection.accuracy["optimizer"])
        return [name for name in self.labels if name in there]

    def put_tuning(self, unit: Unit, path: Path) -> bool:
        """Write the records of a unit that tunes, as the comparison's; False if these are not all
        of its runs."""
        runs = runs_of(self.selection.tuned, unit.workload, unit.optimizer)
        runs = runs.assign(study=unit.study)
        curves = self.selection.curves[self.selection.curves["run"].isin(runs["run"])]
        try:
            check_unit(unit, runs, curves)
        except InputError:
            return False
        write_unit(path, rows_of(runs, curves))
        return True


def committed(study: Study, workload: str, folder: Path, edition: str) -> Committed | None:
    """What `folder` has of a workload; None where it is not there, or of another edition of the
    data, whose runs cannot be compared."""
    if not (folder / "runs.parquet").is_file():
        return None
    runs, curves = read_tables(folder)
    runs = runs[(runs["workload"] == workload) & (runs["edition"] == edition)]
    if runs.empty:
        return None
    curves = curves[curves["run"].isin(runs["run"])]
    labels = {name: study.optimizers[name].label for name in study.optimizers_of(workload)}
    return Committed(labels, select(study, runs, curves))
