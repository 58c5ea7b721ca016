"""How the steps of a study that follow on training, and the plan before it, grow with its runs.

    PYTHONPATH=tests python benchmarks/scale.py --runs 1000,10000,100000 --output scale.json

Runs are made up: of up to 48 optimizers on up to 30 workloads, each pair tuned by about 50 runs
and tested by 20; a run's curve has 21 rows. Each step is a process of its own in a clone, as the
workflow starts it: seconds are by the clock, MiB those of its largest process.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.records import CURVE, write_unit
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.table_files import TABLES
from nagbench.runner.provenance import environment
from nagbench.runner.unfinished import rows_of
from nagbench.study.choice import choose
from nagbench.study.file import load_study
from nagbench.study.plan import units
from nagbench.study.unit import Run, Unit
from records_of import tested, tuned

ROOT = Path(__file__).resolve().parents[1]
# One of each class: of two with the same settings runs would be the same, and made up twice.
CLASSES = [row.reference for row in CATALOGUE.values()]
OPTIMIZERS = [name for n, name in enumerate(CATALOGUE) if CLASSES[n] not in CLASSES[:n]]
EPOCHS = 20
_HIDDEN = [name for name in CURVE if "test_" in name or "iterate_" in name]
_SMALL = """import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stderr=subprocess.STDOUT)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
raise SystemExit(status)
"""


def study_of(runs: int) -> dict[str, Any]:
    """A study of about so many runs, as plain data."""
    pairs = max(4, round(runs / 70))
    optimizers = min(len(OPTIMIZERS), max(2, round(pairs**0.55)))
    workload = {
        "model": "tiny_cnn",
        "batch_size": 64,
        "epochs": EPOCHS,
        "targets": {"low": 0.3, "high": 0.6, "source": "this benchmark"},
    }
    return {
        "title": f"About {runs:,} made-up runs",
        "data": "synthetic",
        "validation_size": 1000,
        "workloads": {
            f"network_{n}": {**workload, "l2": n / 10_000} for n in range(round(pairs / optimizers))
        },
        "optimizers": dict.fromkeys(OPTIMIZERS[:optimizers]),
        "baseline": "sgd",
        "tuning": {
            "points": 36,
            "rungs": [{"epochs": 4, "keep": 12}, {"epochs": 10, "keep": 5}],
            "seeds": [1, 2, 3],
        },
        "testing": {"seeds": list(range(101, 121))},
        "hypotheses": {
            f"faster_{optimizer}": {
                "claim": f"{optimizer} takes less time to the targets than gradient descent",
                "workload": "network_0",
                "optimizer": optimizer,
                "reference": "sgd",
                "metric": "gradients",
                "statement": "difference",
                "direction": "less",
                "margin": 30,
            }
            for optimizer in OPTIMIZERS[1:optimizers]
        },
    }


def climb(unit: Unit, run: Run) -> list[float]:
    """The accuracies of a run: towards an end, and with a haste, of its workload and optimizer."""
    of_pair = random.Random(f"{unit.workload} {unit.optimizer}")
    of_run = random.Random(run.id)
    end = of_pair.uniform(0.55, 0.75) + of_run.gauss(0, 0.01)
    haste = of_pair.uniform(2, 6)
    curve = end - (end - 0.1) * np.exp(-np.arange(EPOCHS + 1) / haste)
    return np.clip(curve + [of_run.gauss(0, 0.005) for _ in curve], 0, 1).tolist()


def make_up(study: Path, results: Path) -> int:
    """Write each unit's records as training leaves them; returns how many runs there are."""
    made = json.dumps({**environment("cpu"), "code": "none: made up"})
    known, chosen = 0, {}
    for unit in units(load_study(os.fspath(study))):
        if unit.halving is not None:
            records = tuned(unit, lambda *key: random.Random(str(key)).uniform(0.5, 0.75))
            chosen[unit.name] = choose(unit, *records)
        else:
            records = tested(unit, chosen[unit.tuned_by], partial(climb, unit))
        runs, curves = records
        runs["provenance"] = made
        # What is judged on the test set, a test run knows at its end, and of Nesterov's form alone.
        curves[_HIDDEN] = np.nan
        if unit.halving is None:
            at_end = curves["epoch"] == EPOCHS
            curves.loc[at_end, "test_accuracy"] = curves.loc[at_end, "validation_accuracy"]
            curves.loc[at_end, "test_loss"] = curves.loc[at_end, "validation_loss"]
        known += len(runs)
        path = results / f"{unit.name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_unit(path, rows_of(runs, curves))
    return known


def measured(command: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a command took: seconds by the clock, and MiB of its largest process."""
    # A process counts what the one that started it held before: a small one is put between.
    small = [sys.executable, "-c", _SMALL, *command]
    began = time.perf_counter()
    ended = subprocess.run(small, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    said, _, peak = ended.stdout.rstrip().rpartition("\n")
    if ended.returncode:
        print(f"{' '.join(command)[:200]}\n{said[-2000:]}", file=sys.stderr)
    return {
        "seconds": round(seconds, 1),
        "MiB": round(int(peak) / 1024),
        "status": ended.returncode,
    }


def steps(study: Path, name: str) -> dict[str, list[str]]:
    """What the workflow does with a study, training apart, by what the table calls it."""
    nagbench = [sys.executable, "-m", "nagbench"]
    validation = "paper/records/validation"
    statistics = ["--statistics", f"results/{name}/statistics"]
    records = ["--records", f"results/{name}/records"]
    return {
        "plan": [*nagbench, "plan", study.name, "--output", "plan.json"],
        "jobs of the workflow": [
            *(sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--cores", "2"),
            *("--snakefile", "Snakefile", "--config", f"study={study.name}"),
        ],
        "records": [
            *nagbench,
            *("collect", study.name, "--output", f"results/{name}/records", f"results/{name}"),
        ],
        "result tables": [
            *nagbench,
            *("statistics", study.name, *records),
            *("--theory", f"{validation}/theory.parquet"),
            *("--calibration", f"{validation}/calibration.parquet"),
            *("--output", f"results/{name}/statistics"),
        ],
        "figures": [*nagbench, "figure", *FIGURES, *statistics, "--format", "pdf,png"],
        "tables": [*nagbench, "table", *TABLES, *statistics, "--format", "tex,csv,md"],
        "numbers": [*nagbench, "numbers", *statistics, "--output", "numbers.tex"],
        "page to explore": [
            *nagbench,
            *("explore", study.name, *records, *statistics, "--output", "explore.html"),
        ],
        "archive": [
            *nagbench,
            *("export", study.name, *records, *statistics, "--output", "archive.tar.gz"),
        ],
    }


def at(runs: int, folder: Path) -> dict[str, Any]:
    """The steps of a study of about so many runs, in a clone that is made there."""
    git = ["git", "clone", "--quiet", ROOT, folder]
    subprocess.run(git, check=True)
    study = folder / "scale.yaml"
    study.write_text(yaml.safe_dump(study_of(runs), sort_keys=False), encoding="utf-8")
    loaded = load_study(os.fspath(study))
    found: dict[str, Any] = {
        "workloads": len(loaded.workloads),
        "optimizers": len(loaded.optimizers),
    }
    print(", ".join(f"{value:,} {word}" for word, value in found.items()), flush=True)
    for step, command in steps(study, "scale").items():
        if step == "records":
            found["runs"] = make_up(study, folder / "results/scale")
            print(f"  {found['runs']:,} runs", flush=True)
        found[step] = measured(command, folder)
        print(f"  {step:20} {found[step]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="1000,10000,100000", help="by commas")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    found = []
    for runs in map(int, options.runs.split(",")):
        with TemporaryDirectory() as folder:
            found.append(at(runs, Path(folder)))
    if options.output:
        made = {"command": " ".join(sys.argv), "machine": environment("cpu"), "found": found}
        options.output.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
