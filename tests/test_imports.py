"""What files import, in small made-up projects."""

import sys
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.sources import closure, code_digest
from trees import names, other_packages, put


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder in which Python finds modules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("import pack.one", ["one"]),
        ("import pack.one as one, pack.two", ["one", "two"]),
        ("from pack import one", ["one"]),
        ("from pack import constant", []),
        ("from pack.one import value", ["one"]),
        ("from pack import one, constant, two", ["one", "two"]),
        ("from pack import *", ["one", "two"]),
        ("def f():\n    from pack import one", ["one"]),
        ("class A:\n    def f(self):\n        import pack.one", ["one"]),
        ("try:\n    import pack.one\nexcept ImportError:\n    import pack.two", ["one", "two"]),
        ("import sys\nif sys.flags.debug:\n    import pack.one", ["one"]),
        ("import importlib\nimportlib.import_module('pack.one')", ["one"]),
        ("from importlib import import_module\nimport_module('pack.one')", ["one"]),
        ("__import__('pack.one')", ["one"]),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pack.one\n"
            "else:\n    import pack.two",
            ["two"],
        ),
        ("import typing\nif typing.TYPE_CHECKING:\n    import pack.one\nimport pack.two", ["two"]),
        (
            "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import pack.one",
            ["one"],
        ),
    ],
)
def test_imports_of_every_form_are_followed(folder: Path, text: str, more: list[str]) -> None:
    put(
        folder,
        {
            "main.py": text,
            "pack/__init__.py": "__all__ = ['one', 'two']\nconstant = 1",
            "pack/one.py": "value = 1",
            "pack/two.py": "",
            "pack/unused.py": "",
        },
    )
    expected = {"main.py", "pack/__init__.py", *(f"pack/{name}.py" for name in more)}
    assert names(folder, "main") == expected


def test_relative_imports_and_parents_are_followed(folder: Path) -> None:
    put(
        folder,
        {
            "pack/__init__.py": "from . import first",
            "pack/first.py": "",
            "pack/under/__init__.py": "from .deep import thing",
            "pack/under/deep.py": "from .. import second\nfrom ..third import x\nfrom . import y",
            "pack/under/y.py": "",
            "pack/second.py": "",
            "pack/third.py": "",
            "pack/fourth.py": "",
        },
    )
    assert names(folder, "pack.under.deep") == {
        "pack/__init__.py",
        "pack/first.py",
        "pack/under/__init__.py",
        "pack/under/deep.py",
        "pack/under/y.py",
        "pack/second.py",
        "pack/third.py",
    }


def test_circles_end(folder: Path) -> None:
    put(folder, {"one.py": "import two", "two.py": "import three", "three.py": "import one"})
    assert names(folder, "two") == {"one.py", "two.py", "three.py"}


def test_nothing_that_is_read_is_imported(folder: Path) -> None:
    put(folder, {"bomb/__init__.py": "1 / 0", "bomb/shell.py": "1 / 0", "main.py": "import bomb"})
    assert len(closure(["main", "bomb.shell"])) == 3
    assert not {"main", "bomb", "bomb.shell"} & set(sys.modules)


def test_the_closure_stops_at_what_is_installed(folder: Path) -> None:
    put(folder, {"main.py": "import os, torch.optim, numpy as np\nfrom json import loads"})
    assert names(folder, "main") == {"main.py"}
    assert closure(["torch.optim", "os.path"]) == []


def test_files_that_are_read_by_their_name_count(folder: Path) -> None:
    put(
        folder,
        {
            "pack/__init__.py": "",
            "pack/style.py": "from pathlib import Path\nPath(__file__).with_name('sheet.txt')",
            "pack/sheet.txt": "",
            "pack/other.txt": "",
            "sheet.txt": "",
        },
    )
    assert names(folder, "pack.style") == {"pack/__init__.py", "pack/style.py", "pack/sheet.txt"}


def test_a_users_file_is_followed_beside_it(tmp_path: Path, folder: Path) -> None:
    put(
        folder,
        {
            "away/mine.py": "import helper\nfrom tools.rates import rate\nimport loose.part\n",
            "away/helper.py": "def late():\n    import second",
            "away/second.py": "",
            "away/tools/__init__.py": "",
            "away/tools/rates.py": "from nagbench.errors import InputError",
            "away/loose/part.py": "",
            "away/unused.py": "",
        },
    )
    mine = {"mine.py", "helper.py", "second.py", "loose/part.py"}
    mine |= {"tools/__init__.py", "tools/rates.py"}
    found = closure(["away/mine.py"])
    assert set(found) == {
        *(folder.resolve() / "away" / name for name in mine),
        *closure(["nagbench.errors"]),
    }


def test_a_users_file_has_no_package_to_import_from(folder: Path) -> None:
    put(folder, {"mine.py": "from . import helper", "helper.py": "", "mine/helper.py": ""})
    assert names(folder, "mine.py") == {"mine.py"}


def test_two_modules_of_one_name_are_refused(folder: Path) -> None:
    put(folder, {"away/mine.py": "import helper", "away/helper.py": "", "helper.py": ""})
    with pytest.raises(InputError, match=r"module helper: .*helper\.py and .*away/helper\.py;"):
        closure(["away/mine.py"])


def test_what_is_installed_hides_what_lies_beside_a_file(folder: Path) -> None:
    put(folder, {"away/mine.py": "import numpy, json", "away/numpy.py": "", "away/json.py": ""})
    assert names(folder, "away/mine.py") == {"away/mine.py"}


@pytest.mark.parametrize("about", ["site/near-1.dist-info", "code/near.egg-info"])
def test_sources_of_a_package_under_work_are_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, about: str
) -> None:
    """Installed so that edits take effect: the description lies elsewhere, or beside the code."""
    for path in ("code", "site"):
        monkeypatch.syspath_prepend(folder / path)
    kind = "METADATA" if "dist-info" in about else "PKG-INFO"
    description = {
        f"{about}/{kind}": "Metadata-Version: 2.1\nName: near\nVersion: 1\n",
        f"{about}/top_level.txt": "near\n",
    }
    if kind == "METADATA":
        description[f"{about}/RECORD"] = "near.pth,,\n"
    put(folder, {"code/near/__init__.py": "", "code/near/rule.py": "", **description})
    with other_packages():
        assert names(folder, "near.rule") == {"code/near/__init__.py", "code/near/rule.py"}
        before = code_digest(["near.rule"])
        put(folder, {"code/near/rule.py": "edited = 1"})
        assert code_digest(["near.rule"]) != before


@pytest.mark.parametrize("root", ["gone.py", "nagbench.engine.gone", "near", "broken.py", "nul.py"])
def test_what_cannot_be_read_is_one_error(folder: Path, root: str) -> None:
    put(folder, {"near.py": "from broken import x", "broken.py": "def f(:", "nul.py": "x = '\0'"})
    with pytest.raises(InputError):
        closure([root])
