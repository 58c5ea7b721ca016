"""A study file to begin with: it loads as it stands, and says by each line what may stand there."""

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import yaml

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.study.extension import extended
from nagbench.study.file import STUDIES, load_study, study_content, study_of, study_path
from nagbench.study.model import Study
from nagbench.study.wording import listed, perhaps, refuse, shown

_TEXT = """\
# A study of NAG-Bench. It has all that {extends} has, and what it says itself.
#   nagbench plan {file}        what would train, and how long that takes here
#   nagbench power {file}       which differences so many seeds can show
#   nagbench register {file}    fixes it before its runs
#   snakemake --cores all --config study={file}
# `nagbench schema` prints what may stand here, for an editor; EXTENDING.md explains it.
extends: {extends}
title: {title}

# A list chooses from the other study, and may add to it, as
#   - mine:
#       reference: mine.py:Mine  # a file, and in it a torch.optim.Optimizer
#       settings: {{lr: 0.01}}
#       space: {{lr: {{low: 0.001, high: 0.1}}}}
# `nagbench optimizers` lists those that a name is enough for.
optimizers: {optimizers}
baseline: {baseline}  # the one that the others are compared with
workloads: {workloads}

tuning:  # on held-out training images
{tuning}
testing:  # of the chosen settings, on the test set
  seeds: {seeds}

# What is claimed, said before the runs. Change it, add to it, or leave it out.
hypotheses:
  more_accurate:
    claim: {claim}
    source: this study
    workload: {workload}
    optimizer: {optimizer}
    reference: {baseline}
    metric: accuracy
    statement: difference
    direction: greater
    margin: 0.005  # of accuracy, from 0 to 1: a difference within it counts as none
"""
_TUNING = {
    "points": "settings tried of each optimizer",
    "rungs": "after so many epochs only the best are kept",
    "seeds": "the first trains every setting, the others the best two",
    "runner_up_seeds": "test seeds of the second best setting: does the choice decide?",
}


def begin(file: Path, extends: str, optimizers: Sequence[str]) -> Study:
    """Write a study file that extends another, where no file is; it is loaded first.

    Args:
        file: Whose stem is the new study's name.
        extends: The name of a shipped study, or the path of a file.
        optimizers: Those of the other study that train; two at least, or none for all.
    """
    if file.suffix not in (".yaml", ".yml"):
        raise InputError(file, "a name without .yaml", "my-study.yaml, for one")
    study_path(os.fspath(file))  # refuses a name that a study cannot have
    if file.exists():
        raise InputError(file, "a file that is there", "the name of a new one")
    whole = load_study(extends)
    text = _text(whole, _near(extends, file.parent), file, _chosen(whole, optimizers))
    made, problems = extended(yaml.safe_load(text), study_content(study_path(extends)))
    refuse(os.fspath(file), problems)
    study = study_of(file.stem, made, os.fspath(file))
    with atomic_path(file) as path:
        path.write_text(text, encoding="utf-8")
    return study


def _chosen(whole: Study, optimizers: Sequence[str]) -> list[str]:
    """The optimizers that train, once each."""
    for name in optimizers:
        if name not in whole.optimizers:
            found = f"found {shown(name)}{perhaps(name, whole.optimizers)}"
            raise InputError("--optimizers", found, listed(whole.optimizers))
    chosen = list(dict.fromkeys(optimizers)) or list(whole.optimizers)
    if len(chosen) < 2:
        raise InputError("--optimizers", f"found {shown(chosen[0])} alone", "two at least")
    return chosen


def _near(extends: str, folder: Path) -> str:
    """What the new file calls the other study."""
    path = study_path(extends)
    return extends if path.parent == STUDIES else os.path.relpath(path, folder)


def _text(whole: Study, extends: str, file: Path, optimizers: Sequence[str]) -> str:
    """The new file, on the first workload where two of the optimizers train."""
    training = {
        workload: [name for name in optimizers if name in whole.optimizers_of(workload)]
        for workload in whole.workloads
    }
    there = {workload: names for workload, names in training.items() if len(names) > 1}
    if not there:
        found = f"found {', '.join(optimizers)}, no two of which train on one workload"
        raise InputError("--optimizers", found, "two that do")
    workload, names = next(iter(there.items()))
    baseline = whole.baseline if whole.baseline in names else names[0]
    optimizer = next(name for name in names if name != baseline)
    labels = [whole.optimizers[name].label for name in (optimizer, baseline)]
    words = {
        "extends": extends,
        "file": shlex.quote(os.fspath(file)),
        "title": file.stem.replace("-", " ").replace("_", " "),
        "optimizers": names,
        "baseline": baseline,
        "workloads": [workload],
        "seeds": list(whole.testing.seeds),
        "claim": f"{labels[0]} ends more accurate than {labels[1]}",
        "workload": workload,
        "optimizer": optimizer,
    }
    inline = {key: word if key == "file" else _inline(word) for key, word in words.items()}
    return _TEXT.format(**inline, tuning=_tuning(whole))


def _tuning(whole: Study) -> str:
    """The lines of how settings are chosen: what one most often changes, and what the other has."""
    defaults = {field.name: field.default for field in fields(whole.tuning)}
    lines = []
    for name, value in asdict(whole.tuning).items():
        if name in _TUNING or value != defaults[name] or defaults[name] is MISSING:
            line = f"  {name}: {_inline(json.loads(json.dumps(value)))}"  # lists for tuples
            lines.append(f"{line}  # {_TUNING[name]}" if name in _TUNING else line)
    return "\n".join(lines)


def _inline(value: Any) -> str:
    """A value in one line of YAML."""
    dumped = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")
