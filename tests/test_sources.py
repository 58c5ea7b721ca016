"""The digest of code, and the snapshot to which a process is held."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import scipy

from nagbench import sources
from nagbench.errors import InputError
from nagbench.sources import (
    ENGINE,
    MISSING,
    Snapshot,
    closure,
    code_digest,
    distributions,
    text_digest,
)
from trees import names, other_packages, put


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder in which Python finds modules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(folder: Path, name: str, files: dict[str, str], version: str = "1.2+gpu") -> None:
    """Files as a package installer leaves them, on Python's path."""
    description = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    record = "".join(f"{file},,\n" for file in files)
    about = {f"{name}-1.dist-info/METADATA": description, f"{name}-1.dist-info/RECORD": record}
    put(folder, {**files, **about})


def test_an_installed_package_counts_by_its_public_version(folder: Path) -> None:
    files, root = {"far_away/__init__.py": "", "far_away/rule.py": ""}, ["far_away.rule"]
    install(folder, "faraway", files)
    with other_packages():
        assert closure(root) == []
        assert distributions(root)["faraway"] == "1.2+gpu"
        before = code_digest(root)
        put(folder, {"far_away/rule.py": "edited = 1"})
        assert code_digest(root) == before
    for version, same in (("1.2+cpu", True), ("1.3+gpu", False)):
        install(folder, "faraway", files, version)
        with other_packages():
            assert (code_digest(root) == before) is same


def test_what_is_not_installed_is_part_of_the_digest() -> None:
    assert distributions(["no_such_package.rule"])["no_such_package"] == MISSING
    assert code_digest(["no_such_package.rule"]) != code_digest([])


def test_packages_that_a_users_file_imports_count(folder: Path) -> None:
    put(
        folder,
        {"mine.py": "import scipy.linalg\ntry:\n    import no_such\nexcept ImportError: pass"},
    )
    found = distributions(["mine.py"])
    assert found.keys() == {"torch", "numpy", "scipy", "no_such"}
    assert found["scipy"] == scipy.__version__


def test_a_digest_does_not_depend_on_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for place in ("one", "other"):
        put(folder, {f"{place}/mine.py": "import helper", f"{place}/helper.py": "x = 1"})
        digests.append(code_digest([f"{place}/mine.py"]))
        monkeypatch.chdir(folder / place)
        digests.append(code_digest(["mine.py"]))
        monkeypatch.chdir(folder)
    assert len(set(digests)) == 1
    put(folder, {"other/helper.py": "x = 2"})
    assert code_digest(["other/mine.py"]) != digests[0]


def test_sources_are_named_from_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, {"away/mine.py": "from nagbench import errors"})
    engine = sources.sources(ENGINE)
    assert sources.sources("away/mine.py") == [
        "away/mine.py",
        *(str(path) for path in closure(["nagbench.errors"])),
    ]
    assert all(Path(path).is_absolute() for path in engine)
    monkeypatch.chdir(Path(sources.__file__).parents[2])
    assert "src/nagbench/engine/loop.py" in sources.sources(ENGINE)


def test_importing_it_takes_no_library() -> None:
    """The Snakefile does, in every job of a cluster."""
    program = f"""
import sys
sys.path.append({str(Path(sources.__file__).parents[1])!r})
import nagbench.sources
print(*{{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names)
"""
    python = [sys.executable, "-I", "-S", "-c", program]  # as it is without any package
    ended = subprocess.run(python, capture_output=True, text=True, check=True)
    assert set(ended.stdout.split()) == {"__main__", "nagbench"}


class TestSnapshot:
    """Files of a package of two modules, and a user's file."""

    @pytest.fixture
    def package(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        put(folder, {"pack/a.py": "a = 1", "pack/b.txt": "b", "mine.py": "m = 1"})
        monkeypatch.setattr(sources, "_PACKAGE", folder.resolve() / "pack")
        return folder.resolve() / "pack"

    def test_what_did_not_change_is_accepted(self, package: Path) -> None:
        snapshot = Snapshot()
        put(package, {"a.py": '"""Said."""\n\na = 1  # why\n'})
        pickle.loads(pickle.dumps(snapshot)).check([package / "a.py", package / "b.txt"])

    @pytest.mark.parametrize("edit", [{"a.py": "a = 2"}, {"b.txt": "c"}, {"a.py": "a ="}])
    def test_a_file_that_changed_is_refused(self, package: Path, edit: dict[str, str]) -> None:
        snapshot = Snapshot()
        put(package, edit)
        with pytest.raises(InputError):
            snapshot.check([package / "a.py", package / "b.txt"])

    def test_the_message_says_what_to_do(self, package: Path) -> None:
        snapshot = Snapshot()
        put(package, {"a.py": "a = 2"})
        with pytest.raises(InputError) as caught:
            snapshot.check([package / "a.py"])
        assert str(caught.value) == (
            f"{package / 'a.py'}: changed since this training began; "
            "allowed: the code that was loaded: start it again"
        )

    def test_a_file_that_is_gone_or_new_is_refused(self, package: Path) -> None:
        snapshot = Snapshot()
        (package / "a.py").unlink()
        put(package, {"new.py": ""})
        snapshot.add([package / "new.py"])  # of the package: it was not there
        for name in ("a.py", "new.py"):
            with pytest.raises(InputError, match="changed since this training began"):
                snapshot.check([package / name])

    def test_a_users_file_counts_from_its_first_sight(self, package: Path) -> None:
        mine = package.parent / "mine.py"
        snapshot = Snapshot()
        with pytest.raises(InputError):
            snapshot.check([mine])
        snapshot.add([mine])
        snapshot.check([mine])
        put(package.parent, {"mine.py": "m = 2"})
        snapshot.add([mine])
        with pytest.raises(InputError):
            snapshot.check([mine])

    def test_it_holds_all_of_this_project(self) -> None:
        Snapshot().check(closure([ENGINE, "nagbench.cli", "nagbench.rendering.style"]))


def test_a_file_edited_in_a_process_is_read_again(folder: Path) -> None:
    put(folder, {"main.py": "x = 1", "other.py": ""})
    assert names(folder, "main") == {"main.py"}
    before = text_digest(folder / "main.py")
    put(folder, {"main.py": "import other"})
    assert names(folder, "main") == {"main.py", "other.py"}
    assert text_digest(folder / "main.py") != before
