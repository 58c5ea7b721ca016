"""A part of a study: some optimizers and workloads of it alone, as a study that extends it.

So a part has a name and folders of its own, and all that works on a study works on it. Its runs are
runs of the whole, found in the store where the whole has trained them.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from nagbench.engine.recipe import digest
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.study.extension import KEY
from nagbench.study.file import STUDIES, load_study, study_path
from nagbench.study.model import Study
from nagbench.study.wording import listed, perhaps, shown

FOLDER = Path("results/parts")
_READABLE = 57  # characters of a name, before its digest


def write_part(
    name: str, optimizers: Sequence[str], workloads: Sequence[str], folder: Path = FOLDER
) -> Path:
    """Write the study file of a part, if it is not there as it should be.

    Its name begins with the study's and with what was named, and ends with a digest of what it
    holds, so no two parts share one.

    Args:
        name: Of the whole study, or its path.
        optimizers, workloads: What the part holds, in any order; of one that names nothing, all
            that train with the other.
        folder: Where the file is to be.
    """
    whole = load_study(name)
    content = _content(whole, optimizers, workloads)
    path = study_path(name)
    near = name if path.parent == STUDIES else os.path.relpath(path, folder)
    held = digest([whole.name, content["optimizers"], content["workloads"]])
    named = [
        name
        for kind, names in (("optimizers", optimizers), ("workloads", workloads))
        for name in content[kind]
        if name in names
    ]
    words = "-".join([whole.name, *named])
    file = folder / f"{words[:_READABLE]}-{held[:6]}.yaml"
    text = yaml.safe_dump({KEY: near, **content}, sort_keys=False, allow_unicode=True)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return file


def _content(whole: Study, optimizers: Sequence[str], workloads: Sequence[str]) -> dict[str, Any]:
    """What the part's file says besides the study that it extends."""
    _check_names("optimizers", optimizers, whole.optimizers)
    _check_names("workloads", workloads, whole.workloads)
    if len(optimizers) == 1:
        raise InputError("optimizers", f"found {shown(optimizers[0])} alone", "two at least")
    competing = {
        name: [one for one in whole.optimizers_of(name) if not optimizers or one in optimizers]
        for name in whole.workloads
        if not workloads or name in workloads
    }
    # All are compared with the baseline: one that trains wherever the most of them do.
    everywhere = [one for names in competing.values() if len(names) > 1 for one in names]
    baseline = whole.baseline
    if baseline not in everywhere:
        baseline = max(whole.optimizers, key=everywhere.count)
    kept = {name: names for name, names in competing.items() if {baseline} < {*names}}
    there = {
        "workloads": list(kept),
        "optimizers": [name for name in whole.optimizers if any(name in k for k in kept.values())],
    }
    for kind, names, why in (
        ("workloads", workloads, f"where not both {baseline} and another of the optimizers train"),
        ("optimizers", optimizers, f"which trains beside {baseline} on none of the workloads"),
    ):
        if idle := [name for name in names if name not in there[kind]]:
            raise InputError(kind, f"found {shown(idle[0])}, {why}", listed(there[kind]))
    for name in there["workloads"]:
        needed = whole.workloads[name].tuned_on
        if needed is not None and needed not in there["workloads"]:
            found = f"found {shown(name)} without {shown(needed)}, on which settings are chosen"
            raise InputError("workloads", found, f"{needed},{name}")
    labels = [whole.optimizers[name].label for name in there["optimizers"]]
    places = [whole.workloads[name].label or name for name in there["workloads"]]
    remark = (
        f"{whole.remark} This is a part of the study {whole.name}: {', '.join(labels)} on "
        f"{', '.join(places)}. No registration of that study covers it, and its claims are "
        "corrected among themselves."
    )
    return {
        "title": f"{whole.title}: a part",
        "remark": remark.strip(),
        "baseline": baseline,
        **there,
    }


def _check_names(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(kind, f"found {shown(name)}{perhaps(name, known)}", listed(known))
