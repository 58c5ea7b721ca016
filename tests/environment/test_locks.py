"""The lock, the conda file and the container agree with what pyproject.toml declares."""

import os
import re
import subprocess
import sysconfig
import tomllib
import venv
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from nagbench.version import __version__

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = [
    Requirement(line)
    for line in Path("envs/lock.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = {requirement.name: requirement for requirement in LOCK}


def name(text: str) -> str:
    return re.sub("[-_.]+", "-", text).lower()


def declared() -> list[Requirement]:
    extras = [text for extra in PROJECT["optional-dependencies"].values() for text in extra]
    return [Requirement(text) for text in [*PROJECT["dependencies"], *extras]]


def test_every_declared_package_is_pinned_within_its_bounds() -> None:
    for requirement in declared():
        (pin,) = PINS[name(requirement.name)].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement


def test_each_package_is_pinned_once_and_exactly() -> None:
    assert len(PINS) == len(LOCK)
    for requirement in LOCK:
        assert [pin.operator for pin in requirement.specifier] == ["=="]


def test_the_documentation_adds_to_the_lock_by_hash() -> None:
    """What both need is installed once: a second version would hide the first one."""
    text = Path("envs/docs.txt").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.startswith("#")]
    assert all(" --hash=sha256:" in line for line in lines)
    added = {name(line.partition("==")[0]) for line in lines}
    assert {"mkdocs-material", "mkdocstrings-python"} <= added
    assert added.isdisjoint(pin for pin in PINS if not PINS[pin].marker)


def test_the_lock_leaves_cuda_to_torchs_own_wheel() -> None:
    assert not [pin for pin in PINS if pin.startswith(("nvidia", "cuda", "triton"))]


def test_training_needs_no_more_than_it_says() -> None:
    needed = {Requirement(text).name for text in PROJECT["dependencies"]}
    assert needed == {"torch", "numpy", "pandas", "pyarrow", "pyyaml"}


def test_conda_and_container_use_the_same_lock() -> None:
    conda = yaml.safe_load(Path("envs/environment.yml").read_text(encoding="utf-8"))
    pins = [Requirement(text) for text in conda["dependencies"][-1]["pip"]]
    assert pins == LOCK  # each by itself: Snakemake copies no other file
    container = Path("envs/Containerfile").read_text(encoding="utf-8")
    assert "RUN make environment" in container
    assert re.search(r"^ARG BASE=\S+\nFROM \$BASE$", container, re.MULTILINE)
    assert "RUN envs/install-tex.sh" in container


def test_an_environment_of_conda_gets_the_package_from_the_clone(tmp_path: Path) -> None:
    """What Snakemake runs after conda, in an environment that has the lock's packages alone."""
    venv.create(tmp_path / "conda", with_pip=False)
    (site,) = (tmp_path / "conda/lib").glob("python*/site-packages")
    # Of a folder that is named so, the paths of what is installed for editing are not followed.
    (site / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    settings = {"PATH": f"{tmp_path / 'conda/bin'}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False
        )

    assert run("python", "-c", "import nagbench").returncode == 1
    settings["NAGBENCH_SOURCE"] = str(Path.cwd())
    ended = run("bash", str(Path("envs/environment.post-deploy.sh").resolve()))
    assert ended.returncode == 0, ended.stderr
    assert run(str(tmp_path / "conda/bin/nagbench"), "--version").stdout.endswith(
        f"{__version__}\n"
    )


def test_the_package_says_its_version() -> None:
    assert __version__ == PROJECT["version"]
