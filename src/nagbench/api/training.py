"""`nagbench.train`: some runs of one optimizer, as `nagbench train` trains them."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from nagbench.api.loading import records_of
from nagbench.engine.recipe import plain
from nagbench.errors import InputError
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.records import read_units
from nagbench.runner.devices import DEVICES, cores, has_gpu
from nagbench.statistics.roles import select
from nagbench.statistics.tidy import tidy
from nagbench.study.choice import write_choice
from nagbench.study.file import load_study, study_content, study_of, study_path
from nagbench.study.model import Study, Workload
from nagbench.study.plan import unit_of
from nagbench.study.trials import tried
from nagbench.study.unit import write_plan
from nagbench.study.wording import listed, perhaps

LOG = logging.getLogger("nagbench")
_STAGES = ("test", "tune")
_REFUSED = "nagbench train: "  # what the command begins an error with


def train(
    study: str | Path,
    optimizer: str | type,
    *,
    seeds: Sequence[int] | None = None,
    settings: Mapping[str, Any] | None = None,
    workload: str | None = None,
    stage: str = "test",
    epochs: int | None = None,
    data: str | Path | None = None,
    records: str | Path | None = None,
    store: str | Path = "results/runs",
    lanes: int | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """Train one optimizer with one setting on a workload of a study, from some seeds.

    It trains by `nagbench train`, in processes of its own: runs are the same to the last bit, and
    nothing of torch's state here changes. A finished run is kept in the store, from which it comes
    the next time; an interrupted one goes on where it was. Code or data that changed since trains
    anew. The records of the study stay as they are. Progress goes to the logger `nagbench`.

    Args:
        study: The name of a shipped study, or the path of a file.
        optimizer: The name of one of the study's or of the catalogue's; `module:Class` or
            `file.py:Class`; or a class of torch.optim.Optimizer that a module or a file defines.
            A class that needs more than gradients (a closure, …) stands in a study file.
        seeds: Those to train from; by default all of the study's for that stage.
        settings: Those that differ from the optimizer's defaults; `{}` for the defaults alone. By
            default the setting that tuning chose by accuracy, according to the study's records.
        workload: Its name in the study; where the study has one alone, that.
        stage: `test`, whose runs are judged on the test set at their end too, or `tune`, judged on
            validation images alone, as befits what is still being changed.
        epochs: Of a whole run, in place of the workload's.
        data: What `nagbench data` made; by default where the workflow keeps it, `results/data`,
            where it is made if it is missing.
        records: Which records chose the setting, as `nagbench.load` takes it.
        store: The folder of finished runs, which the workflow and `nagbench train` share.
        lanes: Runs to train side by side; by default on a GPU as many as pay, on a CPU one a core.
        device: `auto`, `cpu` or `cuda`.

    Returns:
        A table as `nagbench.load` returns it, whose `trial` is -1 where tuning would never try the
        setting. A run that diverged or failed is there, and its `status` says so.

    Raises:
        nagbench.errors.InputError: What is asked for cannot be trained, or not so.
    """
    path, known = study_path(str(study)), load_study(str(study))
    work = known.workloads[_one_of("workload", workload, list(known.workloads))]
    _one_of("stage", stage, _STAGES)
    _one_of("device", device, DEVICES)
    name, changed = _with(path, optimizer, settings)
    if settings is None:
        choice = _chosen(known, work, name, records)
        (tested,) = (one for one in choice["tested"] if "accuracy" in one["roles"])
    else:
        choice, tested = {"tested": []}, _given(known, work, changed.optimizers[name])
    unit = unit_of(changed, stage, work, changed.optimizers[name])
    unit = replace(
        unit,
        base=unit.base
        if epochs is None
        else replace(unit.base, epochs=_whole("epochs", epochs, 1)),
        seeds=unit.seeds if seeds is None else _seeds(seeds),
        trials=(tested["settings"],),  # which is built before anything is trained
        halving=None,
    )
    if lanes is None and (device == "cpu" or not has_gpu()):
        lanes = min(len(unit.seeds), cores())
    with tempfile.TemporaryDirectory() as folder:
        plan, chosen, output = (Path(folder, one) for one in ("plan.json", "c.json", "o.parquet"))
        write_plan(plan, [unit])
        write_choice(chosen, {"tested": [{**tested, "trial": max(tested["trial"], 0)}]})
        words = {"unit": unit.name, "chosen": chosen, "output": output, "store": store}
        _run(plan, **words, data=data, lanes=lanes, device=device)
        runs, curves = read_units([output])
    return tidy(runs.assign(trial=tested["trial"]), curves, {(work.name, name): choice})


def _with(
    path: Path, optimizer: str | type, settings: Mapping[str, Any] | None
) -> tuple[str, Study]:
    """The study with that optimizer in it, under a name, whose defaults are these settings; what is
    wrong with them is told as of a study file."""
    content = study_content(path)
    reference = optimizer if isinstance(optimizer, str) else _reference(optimizer)
    name, section = reference, dict(content["optimizers"].get(reference) or {})
    if ":" in reference:
        name = reference.rpartition(":")[2].lower()
        section = {"reference": reference, "space": {}}
    section["settings"] = {**(section.get("settings") or {}), **plain(settings or {})}
    optimizers = {**content["optimizers"], name: section}
    changed = study_of(path.stem, {**content, "optimizers": optimizers}, f"study {path.stem}")
    return name, changed


def _reference(kind: type) -> str:
    """The name by which another process finds a class: of the file here that defines it, or of the
    shortest module that has it."""
    if not hasattr(kind, "__qualname__"):
        raise InputError("optimizer", f"found {kind!r}", "its name, its class, or a function")
    module, name = kind.__module__, kind.__qualname__
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or module == "__main__" or not name.isidentifier():
        allowed = "a class that a module or a file defines, where other processes find it"
        raise InputError(f"optimizer {name}", f"a class of {module} alone", allowed)
    here = Path(file).resolve()
    if "." not in module and here.parent == Path.cwd().resolve():
        return f"{here.name}:{name}"
    parts = module.split(".")
    holders = (".".join(parts[: n + 1]) for n in range(len(parts)))
    return next(f"{one}:{name}" for one in holders if getattr(sys.modules[one], name, None) is kind)


def _chosen(
    study: Study, work: Workload, optimizer: str, records: str | Path | None
) -> Mapping[str, Any]:
    """What the study's records chose for an optimizer, as `study.choice.choose` gives it."""
    place = f"settings of {optimizer}"
    allowed = "`settings`: those that differ from its defaults, {} for none"
    try:
        folder, runs, curves = records_of(study, records)
    except InputError as error:
        raise InputError(place, f"not given; {error.place}: {error.found}", allowed) from None
    chosen = select(study, runs, curves).chosen
    if (work.name, optimizer) not in chosen:
        found = f"not given, and {folder} chose none on {work.name}"
        raise InputError(place, found, allowed)
    return chosen[work.name, optimizer]


def _given(study: Study, work: Workload, optimizer: OptimizerSpec) -> dict[str, Any]:
    """The setting that was given, which are the optimizer's defaults, as a choice has it."""
    settings, trials = plain(optimizer.defaults), []
    own = study.optimizers.get(optimizer.name)
    if own is not None and own.reference == optimizer.reference:
        tuned_on = study.workloads[work.tuned_on or work.name]
        trials = plain(tried(study.tuning_of(tuned_on), own)[0])
    trial = trials.index(settings) if settings in trials else -1
    return {"trial": trial, "settings": settings, "roles": ["accuracy"]}


def _one_of(what: str, name: str | None, known: Sequence[str]) -> str:
    if name is None and len(known) == 1:
        return known[0]
    if name is None or name not in known:
        found = "missing" if name is None else f"found {name!r}{perhaps(name, known)}"
        raise InputError(what, found, listed(known))
    return name


def _seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int) or not len(seeds) or len(set(seeds)) < len(seeds):
        raise InputError("seeds", f"found {seeds}", "a list of whole numbers, each once")
    return tuple(_whole("seeds", seed, 0) for seed in seeds)


def _whole(what: str, number: Any, least: int) -> int:
    if not hasattr(number, "__index__") or not least <= number < 2**32:
        raise InputError(what, f"found {number!r}", f"whole numbers from {least} to 2³² - 1")
    return int(number)


def _run(plan: Path, **options: object) -> None:
    """`nagbench train`, in a process that finds the modules that this one finds."""
    command = [sys.executable, "-m", "nagbench", "train", str(plan)]
    for name, value in options.items():
        command += [] if value is None else [f"--{name}", str(value)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, encoding="utf-8"
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                LOG.info(line.rstrip())
            status = process.wait()
        except BaseException:
            process.terminate()  # after the epoch; what it has trained is kept
            process.wait()
            raise
        errors.seek(0)
        said = errors.read().strip()
    if status == 2 and _REFUSED in said:
        place, _, words = said.rpartition(_REFUSED)[2].partition(": ")
        found, _, allowed = words.partition("; allowed: ")
        raise InputError(place, found, allowed)
    if status:
        raise RuntimeError(f"nagbench train ended with status {status}: {said}")
    for line in said.splitlines():
        LOG.warning(line)
