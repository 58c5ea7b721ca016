"""The reader that a path calls for."""

from pathlib import Path

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted
from nagbench.judging.readers import algoperf, mlflow, tensorboard, tidy, wandb
from nagbench.judging.readers.text_table import table
from nagbench.study.wording import perhaps, shown

FORMATS = ("auto", "tidy", "wandb", "mlflow", "algoperf", "tensorboard")
_FOLDERS = {"algoperf": algoperf, "tensorboard": tensorboard}
_FILES = {"tidy": tidy, "wandb": wandb, "mlflow": mlflow}


def read(path: Path, wanted: Wanted, form: str = "auto") -> Read:
    """The curves of a file or a folder, in the format `form`, or in the one it looks like."""
    if not path.exists():
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        found = f"no such file{perhaps(path.name, near)}"
        raise InputError(path, found, "a file or folder of learning curves")
    if path.is_dir():
        kinds = [name for name, reader in _FOLDERS.items() if reader.files(path)]
        if form != "auto":
            kinds = [name for name in kinds if name == form]
        if len(kinds) == 1:
            return _FOLDERS[kinds[0]].read(path, wanted)
        if kinds:
            found = "both event files and measurements.csv"
            raise InputError(path, found, f"--format {' or '.join(kinds)}")
        wants = {
            "algoperf": "measurements.csv of AlgoPerf",
            "tensorboard": "event files of TensorBoard (*tfevents*)",
        }
        allowed = wants.get(form, " or ".join(wants.values()))
        raise InputError(path, "a folder without any", f"one with {allowed}, or a file")
    if form == "algoperf" or (form == "auto" and path.name == algoperf.FILE):
        return algoperf.read(path, wanted)
    if form == "tensorboard" or (form == "auto" and "tfevents" in path.name):
        raise InputError(path, "an event file", "the folder of runs that it lies in")
    found_table = table(path)
    header = list(found_table.columns)
    if form == "auto":
        form = _form(header, wanted)
    elif form in ("wandb", "mlflow") and not _FILES[form].is_one(header):
        found = f"columns {', '.join(map(shown, header[:8]))}"
        raise InputError(path, found, f"an export of {form}")
    return _FILES[form].read(path, found_table, wanted)


def _form(header: list[str], wanted: Wanted) -> str:
    """What a table with this header looks like."""
    said = "optimizer" in wanted.columns or "optimizer" in map(str.lower, header)
    if mlflow.is_one(header) and not (said and "seed" in map(str.lower, header)):
        return "mlflow"
    return "wandb" if wandb.is_one(header) and not said else "tidy"
