"""The sections of a study file: they mirror the study's dataclasses, and the schema is theirs."""

import ast
import json
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import nagbench
from nagbench.cli import main
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study import model, sections
from nagbench.study.fields import Section
from nagbench.study.file import shipped_studies, study_path, study_schema
from nagbench.study.halving import Rung
from nagbench.study.model import Study, Workload
from nagbench.validation.file import TheoryKeys
from nagbench.validation.rates import TheoryFile

SOURCES = Path(nagbench.__file__).parent
MIRRORS: list[tuple[type[Section], type]] = [
    (sections.StudyFile, Study),
    (sections.WorkloadSection, Workload),
    (sections.TargetSection, model.TargetGrid),
    (sections.TuningSection, model.Tuning),
    (sections.RungSection, Rung),
    (sections.TestingSection, model.Testing),
    (sections.BandSection, model.Band),
    (sections.DivergenceSection, model.Divergence),
    (sections.HypothesisSection, model.Hypothesis),
    (sections.DomainSection, Domain),
    (TheoryKeys, TheoryFile),
]


@pytest.mark.parametrize(("section", "dataclass"), MIRRORS)
def test_a_section_has_the_fields_of_its_dataclass_and_their_defaults(
    section: type[Section], dataclass: Any
) -> None:
    """But for the name, which is the file's stem or the entry's key."""
    stated = {}
    for entry in fields(dataclass):
        made = entry.default_factory
        stated[entry.name] = entry.default if made is MISSING else made()
    if dataclass in (Study, Workload):
        del stated["name"]
    mirrored = {
        name: MISSING if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in section.model_fields.items()
    }
    assert mirrored == stated


def test_every_section_is_a_mirror_but_the_changes_to_a_row() -> None:
    own = {
        value
        for value in vars(sections).values()
        if isinstance(value, type)
        and issubclass(value, Section)
        and value.__module__ == sections.__name__
    }
    assert own - {section for section, _ in MIRRORS} == {sections.OptimizerSection}
    changes = set(sections.OptimizerSection.model_fields) - {"based_on", "settings"}
    assert changes <= {entry.name for entry in fields(OptimizerSpec)}


def test_one_module_imports_pydantic() -> None:
    importing = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0].startswith("pydantic") for name in names):
                importing.add(path.relative_to(SOURCES).as_posix())
    assert importing == {"study/fields.py"}


def test_the_committed_schema_is_the_sections_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == study_schema()
    Draft202012Validator.check_schema(study_schema())


@pytest.mark.parametrize("name", shipped_studies())
def test_the_schema_accepts_the_shipped_studies(name: str) -> None:
    content = yaml.safe_load(study_path(name).read_text(encoding="utf-8"))
    assert list(Draft202012Validator(study_schema()).iter_errors(content)) == []


def test_the_schema_takes_numbers_that_yaml_reads_as_texts(small: dict[str, Any]) -> None:
    small["workloads"]["tiny"] |= {
        "l2": "1e-3",
        "targets": {"low": "2e-1", "high": 0.3, "source": "x"},
    }
    small["optimizers"]["sgd"] = {"settings": {"lr": "1e-2"}, "space": None}
    small["optimizers"]["nag"] = {"space": {"lr": {"low": "1e-3", "high": 1}}}
    assert Draft202012Validator(study_schema()).is_valid(small)


def test_the_schema_refuses_a_section_of_another_kind(small: dict[str, Any]) -> None:
    validator = Draft202012Validator(study_schema())
    assert validator.is_valid(small)
    for key in ("workloads", "optimizers", "tuning", "testing", "title"):
        assert not validator.is_valid({**small, key: 3})
        assert not validator.is_valid({name: small[name] for name in small if name != key})
    assert not validator.is_valid({**small, "titel": "x"})


def loaded(script: str, *arguments: str) -> set[str]:
    """The packages that a script leaves loaded."""
    script += "\nimport sys\nprint('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))"
    command = [sys.executable, "-c", script, *arguments]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(ended.stdout.splitlines()[-1].split())


def test_help_loads_no_library() -> None:
    script = "from nagbench.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    heavy = {"torch", "pydantic", "yaml", "pandas", "pyarrow", "scipy", "matplotlib"}
    assert not loaded(script) & heavy


def test_a_study_is_read_without_torch() -> None:
    """Snakemake reads studies at every start, and once for every job on a cluster."""
    packages = loaded("from nagbench.study.file import load_study\nload_study('demo')")
    assert {"pydantic", "yaml"} <= packages
    assert not packages & {"torch", "pandas", "scipy"}
