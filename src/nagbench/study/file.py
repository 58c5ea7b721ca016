"""Study files: where they are, and their reading into a validated `Study`.

A refusal names every place in the file that is wrong, what was found there, and what is allowed.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from nagbench.errors import InputError
from nagbench.study import checks, fields
from nagbench.study.model import Study
from nagbench.study.parts import Parts
from nagbench.study.sections import OptimizerSection, StudyFile
from nagbench.study.wording import listed, perhaps, refuse, shown
from nagbench.study.yaml_file import read_yaml

STUDIES = Path(__file__).parent / "shipped"
# A study's name is a folder below results/, where these are others.
RESERVED = ("data", "runs", "validation")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


def shipped_studies() -> list[str]:
    """The studies that come with the package."""
    return sorted(path.stem for path in STUDIES.glob("*.yaml"))


def study_path(name: str) -> Path:
    """The file of a study that is shipped under this name, or has it as its path."""
    place = f"study {shown(name)}"
    if not name.endswith((".yaml", ".yml")):
        shipped = shipped_studies()
        if name not in shipped:
            found = f"none of that name{perhaps(name, shipped)}"
            raise InputError(place, found, f"{listed(shipped)}, or a path that ends in .yaml")
        return STUDIES / f"{name}.yaml"
    path = Path(name)
    if not _NAME.fullmatch(path.stem):
        allowed = "a name of letters, digits, _ and -, up to 64"
        raise InputError(place, f"unusable name {shown(path.stem)}", allowed)
    if path.stem.lower() in RESERVED:
        allowed = f"another than {', '.join(RESERVED)}, whose folders hold other things"
        raise InputError(place, f"reserved name {shown(path.stem)}", allowed)
    return path


def load_study(name: str) -> Study:
    """Read a study by its name or path; one `InputError` has all that is wrong with it."""
    path = study_path(name)
    return study_of(path.stem, read_yaml(path), str(path))


def study_of(name: str, data: Any, place: str) -> Study:
    """The study of that name whose file, called `place` in errors, has this content."""
    valid, problems = fields.check(StudyFile, data)
    rows = {}
    for key, section in valid.get("optimizers", {}).items():
        row, wrong = checks.row(key, section or OptimizerSection())
        problems += [
            (("optimizers", key, *where), found, allowed) for where, found, allowed in wrong
        ]
        if row is not None:
            rows[key] = row
    problems += checks.across(Parts(valid, rows, _names(data)))
    refuse(place, problems)
    workloads = {key: replace(work, name=key) for key, work in valid["workloads"].items()}
    return Study(**{**valid, "name": name, "workloads": workloads, "optimizers": rows})


def study_schema() -> dict[str, Any]:
    """The JSON schema of study files."""
    return fields.json_schema(StudyFile)


def _names(data: Any) -> dict[str, Collection[str]]:
    """The names in the mappings that others refer to, whether their entries are valid or not."""
    content = data if isinstance(data, dict) else {}
    return {
        key: dict.fromkeys(map(str, content[key]))
        for key in ("workloads", "optimizers")
        if isinstance(content.get(key), dict)
    }
