"""AlgoPerf: folders of `measurements.csv`.

`SUBMISSION/study_N/WORKLOAD/trial_M/measurements.csv`, a row an evaluation, with `global_step` and
metrics such as `validation/accuracy`, `validation/loss` or `score`, whatever of them the workload
has. A submission is an optimizer, and a trial of a study a run. The trials of one study have the
same setting only in the self-tuning ruleset, which the report says.
"""

import re
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted, metric
from nagbench.judging.readers.text_table import is_number, numbers, table

FILE = "measurements.csv"
_CLOCK = "global_step"
_BESIDE = re.compile(
    r".*(_time|duration|count|num_examples|rss|_percent|memory|idx)$|.*(mem|cpu|gpu|net)\b.*"
)


def files(folder: Path) -> list[Path]:
    """All such files below a folder."""
    return sorted(folder.rglob(FILE))


def read(path: Path, wanted: Wanted) -> Read:
    """The curves of all files below a folder, or of one file."""
    found = files(path) if path.is_dir() else [path]
    allowed = f"SUBMISSION/study_N/WORKLOAD/trial_M/{FILE}"
    tables = {file: table(file) for file in found}
    frames, trials = [], 0
    candidates = None
    for file, rows in tables.items():
        if _CLOCK not in rows:
            raise InputError(file, f"no column {_CLOCK!r}", f"an AlgoPerf {FILE}")
        own = {
            name
            for name in rows
            if name != _CLOCK and not _BESIDE.match(name) and is_number(rows[name])
        }
        candidates = own if candidates is None else candidates & own
    chosen = metric(str(path), sorted(candidates or ()), wanted)
    for file, rows in tables.items():
        parts = file.resolve().parts
        if (
            len(parts) < 5
            or not parts[-4].startswith("study_")
            or not parts[-2].startswith("trial_")
        ):
            raise InputError(file, f"the folders {'/'.join(parts[-5:-1])}", allowed)
        submission, study, workload, trial = parts[-5:-1]
        trials += trial != "trial_1"
        step, _ = numbers(file, rows[_CLOCK], needed=True)
        value, written = numbers(file, rows[chosen])
        frames.append(
            pd.DataFrame(
                {
                    "workload": workload,
                    "optimizer": submission,
                    "run": f"{study}/{trial}",
                    "step": step,
                    "value": value,
                    "written": written,
                    "planned": float("nan"),
                }
            )
        )
    notes: tuple[str, ...] = ()
    if trials:
        notes = (
            "Trials of an AlgoPerf study count as runs of one setting here; under the external "
            "tuning ruleset they are different settings, and their spread is not one of seeds.",
        )
    # A step that is logged again after a restart keeps its last evaluation.
    whole = pd.concat(frames, ignore_index=True)
    whole = whole.drop_duplicates(["workload", "optimizer", "run", "step"], keep="last")
    return Read(str(path), whole, chosen, "step", notes)
