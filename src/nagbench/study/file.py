"""Study files: where they are, and their reading into a validated `Study`.

A refusal names every place in the file that is wrong, what was found there, and what is allowed.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nagbench.errors import InputError
from nagbench.study import checks, fields
from nagbench.study.extension import KEY, PARTS, extended
from nagbench.study.model import Study
from nagbench.study.parts import Parts
from nagbench.study.sections import OptimizerSection, StudyFile
from nagbench.study.wording import listed, perhaps, refuse, shown
from nagbench.study.yaml_file import read_yaml

STUDIES = Path(__file__).parent / "shipped"
# A study's name is a folder below results/, where these are others.
RESERVED = ("compared", "data", "parts", "runs", "validation")
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
    return study_of(path.stem, study_content(path), str(path))


def study_content(path: Path) -> Any:
    """The plain content of a study's file, with that of the study which it extends."""
    return _content(study_files(path))


def study_files(path: Path) -> list[Path]:
    """A study's file, the file of the study that it extends, and so on."""
    files = [path]
    while (name := _extends(files[-1])) is not None:
        place = f"{files[-1]}.{KEY}"
        if not isinstance(name, str):
            allowed = "the name of a shipped study, or the path of a file from here"
            raise InputError(place, f"found {shown(name)}", allowed)
        near = name.endswith((".yaml", ".yml"))
        files.append(study_path(str(files[-1].parent / name) if near else name))
        if files[-1].resolve() in [file.resolve() for file in files[:-1]]:
            found = " extends ".join(file.name for file in files)
            raise InputError(place, found, "a study that does not extend this one")
    return files


def _extends(path: Path) -> Any:
    content = read_yaml(path)
    return content.get(KEY) if isinstance(content, dict) else None


def _content(files: Sequence[Path]) -> Any:
    content = read_yaml(files[0])
    if len(files) == 1:
        return content
    base = _content(files[1:])
    study_of(files[1].stem, base, str(files[1]))  # which refuses it if it is wrong by itself
    made, problems = extended(content, base)
    refuse(str(files[0]), problems)
    return made


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
    """The JSON schema of study files: a whole one, or one that extends another."""
    schema = fields.json_schema(StudyFile)
    whole, properties = schema["required"], dict(schema["properties"])
    entry = {"type": ["string", "object"]}
    about = "the study whose content this one has, but for what follows"
    for part in PARTS:
        properties[part] = {"anyOf": [properties[part], {"type": "array", "items": entry}]}
    listed_parts = {part: {"type": "object"} for part in PARTS}
    return {
        **{key: value for key, value in schema.items() if key != "required"},
        "properties": {KEY: {"type": "string", "description": about}, **properties},
        "anyOf": [{"required": whole, "properties": listed_parts}, {"required": [KEY]}],
    }


def _names(data: Any) -> dict[str, Collection[str]]:
    """The names in the mappings that others refer to, whether their entries are valid or not."""
    content = data if isinstance(data, dict) else {}
    return {
        key: dict.fromkeys(map(str, content[key]))
        for key in ("workloads", "optimizers")
        if isinstance(content.get(key), dict)
    }
