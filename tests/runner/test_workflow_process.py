"""What a killed workflow leaves behind is taken away, and what a living one needs is not."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from nagbench.runner import workflow

HOLDS = """
import sys, time
from pathlib import Path
from nagbench.runner.workflow import begin
print(begin(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def another(folder: Path) -> subprocess.Popen[str]:
    """A process that runs the workflow of the folder until its input ends."""
    found = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert found.stdout is not None
    assert found.stdout.readline() == "False\n"
    return found


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A lock as Snakemake writes it."""
    file = tmp_path / ".snakemake/locks/0.output.lock"
    file.parent.mkdir(parents=True)
    return file


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "_held", [])
    monkeypatch.setenv(workflow.STARTER, "")


def test_a_killed_workflow_leaves_no_lock_behind(tmp_path: Path, left: Path) -> None:
    with another(tmp_path) as killed:
        left.write_text("results/a\n")
        killed.kill()
    assert workflow.begin(tmp_path)
    assert not left.exists()


def test_a_living_one_keeps_its_locks(tmp_path: Path, left: Path) -> None:
    with another(tmp_path) as living:
        left.write_text("results/a\n")
        assert not workflow.begin(tmp_path)
        assert left.read_text() == "results/a\n"
        living.communicate("")
    # We live on, so that a third one removes nothing either.
    with another(tmp_path) as third:
        third.communicate("")
    assert left.exists()


def test_training_knows_when_its_workflow_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not workflow.ended()  # started by none
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        check_gone(parent, monkeypatch)
    assert workflow.ended()
    monkeypatch.setenv(workflow.STARTER, f"elsewhere {parent.pid} 1")
    assert not workflow.ended()  # of another host nothing is known


def check_gone(parent: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    began = workflow._began(parent.pid)
    monkeypatch.setenv(workflow.STARTER, f"{socket.gethostname()} {parent.pid} {began}")
    assert not workflow.ended()
    monkeypatch.setenv(workflow.STARTER, f"{socket.gethostname()} {parent.pid} 1")
    assert workflow.ended()  # its number was given to another process
    monkeypatch.setenv(workflow.STARTER, f"{socket.gethostname()} {parent.pid} {began}")
    parent.kill()
    assert os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
    assert workflow.ended()  # dead, and not yet fetched by us


def test_a_folder_that_cannot_be_written_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").write_text("a file")
    assert not workflow.begin(tmp_path)


def test_an_executor_is_known_by_its_plugin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        workflow.executor("cloud")
    assert str(ended.value) == (
        "nagbench: executor cloud: no plugin snakemake-executor-plugin-cloud; "
        "allowed: pip install snakemake-executor-plugin-cloud"
    )
    (tmp_path / "snakemake_executor_plugin_cloud.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert workflow.executor("cloud") == "cloud"


def test_environments_of_conda_are_told_where_the_package_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAGBENCH_SOURCE", "")
    workflow.install_from(Path("/a clone"))
    assert os.environ["NAGBENCH_SOURCE"] == "/a clone"
    workflow.install_from(None)
    assert os.environ["NAGBENCH_SOURCE"] == f"nagbench=={workflow.__version__}"
    script = Path("envs/environment.post-deploy.sh").read_text(encoding="utf-8")
    assert "$NAGBENCH_SOURCE" in script
