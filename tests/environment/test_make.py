"""make's help, and what the installing scripts say where they may not install."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nagbench.runner.provenance import commit

MAKEFILE = Path("Makefile").read_text(encoding="utf-8")


def run(*command: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": str(path)} if path else {})}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_help_lists_every_public_target() -> None:
    phony = re.search(r"^\.PHONY: (demo.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    listed = [
        line.split()[0] for line in run("make", "--no-print-directory", "help").stdout.splitlines()
    ]
    assert sorted(listed) == sorted(phony[1].split())


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with nothing of TeX, apt or sudo on it."""
    for command in ("bash", "env", "dirname", "id", "true"):
        target = run("bash", "-c", f"command -v {command}").stdout.strip()
        if target.startswith("/"):
            (tmp_path / command).symlink_to(target)
    return tmp_path


def test_without_tex_and_apt_the_packages_are_named(bare: Path) -> None:
    found = run("bash", "envs/install-tex.sh", path=bare)
    assert found.returncode == 1
    for package in Path("envs/tex-packages.txt").read_text(encoding="utf-8").split():
        assert package in found.stderr


def fake_python(folder: Path, version: str) -> str:
    """An interpreter of another version, as far as the script asks."""
    major, minor = version.split(".")
    path = folder / "python"
    path.write_text(
        "#!/usr/bin/env bash\n"
        f'case "$2" in *print*) echo {version} ;; *SystemExit*) [ {major}{minor} -ge 311 ] ;; '
        "*) exit 1 ;; esac\n"
    )
    path.chmod(0o755)
    return str(path)


def test_an_old_python_is_refused(bare: Path, tmp_path: Path) -> None:
    target = tmp_path / "environment"
    found = run("bash", "envs/install-python.sh", str(target), fake_python(bare, "3.10"), path=bare)
    assert found.returncode == 1
    assert "is Python 3.10; needed: at least 3.11" in found.stderr
    assert not target.exists()


def test_a_python_without_venv_names_the_package(bare: Path, tmp_path: Path) -> None:
    target = tmp_path / "environment"
    found = run("bash", "envs/install-python.sh", str(target), fake_python(bare, "3.13"), path=bare)
    assert found.returncode == 1
    assert "Please install: python3.13-venv" in found.stderr
    assert not target.exists()


def test_a_missing_python_is_named(bare: Path, tmp_path: Path) -> None:
    found = run("bash", "envs/install-python.sh", str(tmp_path / "e"), "no-such-python", path=bare)
    assert found.returncode == 1
    assert "no-such-python" in found.stderr


def test_without_a_builder_of_containers_one_message_says_so(bare: Path) -> None:
    found = run("bash", "envs/build-container.sh", path=bare)
    assert found.returncode == 1
    assert found.stdout == ""
    (line,) = found.stderr.splitlines()
    assert "Neither podman nor buildah is there" in line


@pytest.mark.parametrize("builder", ["podman", "buildah"])
def test_a_container_is_told_the_commit(bare: Path, builder: str) -> None:
    """That which records of this machine name."""
    (bare / "git").symlink_to(str(shutil.which("git")))
    (bare / builder).write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (bare / builder).chmod(0o755)
    found = run("bash", "envs/build-container.sh", "--build-arg", "BASE=mine", path=bare)
    assert found.returncode == 0, found.stderr
    words = found.stdout.splitlines()
    assert words[0] == "build"
    assert words[-1] == "."
    assert f"COMMIT={commit()}" in words
    assert "BASE=mine" in words
