"""`import nagbench` costs nothing, and offers three documented verbs."""

import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nagbench

VERBS = ("draw", "load", "train")


def loaded_by(statement: str) -> set[str]:
    """The modules that a new interpreter has after a statement."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout
    return set(json.loads(said))


def test_importing_it_loads_nothing_else() -> None:
    found = loaded_by("import nagbench; dir(nagbench); nagbench.__version__")
    ours = {name for name in found if name.startswith("nagbench")}
    assert ours == {"nagbench", "nagbench.version"}
    assert not found & {"numpy", "pandas", "torch", "matplotlib", "pydantic"}


def test_loading_records_needs_neither_torch_nor_matplotlib() -> None:
    assert not loaded_by("from nagbench import load") & {"torch", "matplotlib"}


def test_it_offers_the_verbs_and_its_version() -> None:
    assert dir(nagbench) == sorted(["__version__", *VERBS])
    names: dict[str, object] = {}
    exec("from nagbench import *", names)  # noqa: S102 - what a user types
    assert set(VERBS) <= names.keys()
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert nagbench.__version__ == project["version"]
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = nagbench.trian  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_documents_each_argument(verb: str) -> None:
    function = getattr(nagbench, verb)
    parts = re.split(r"^(Args|Returns|Raises):$", inspect.getdoc(function) or "", flags=re.M)
    assert parts[1::2] == ["Args", "Returns", "Raises"]
    documented = re.findall(r"^    (\w+): ", parts[2], re.M)
    assert documented == list(inspect.signature(function).parameters)
    assert set(inspect.get_annotations(function)) == {*documented, "return"}
