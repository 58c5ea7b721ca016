"""Slurm on this machine, and copies of the repository in which a small study trains there."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from buckets import KEY, serving
from checkout import MICRO, STUDY, Checkout, check_out
from one_machine import OneMachine, missing
from submitted import PLUGIN, RECORDS, Submitted

from nagbench.records import digest, read_tables

EPOCHS = 8


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneMachine]:
    """Whoever asks for these tests has what they need, or is told."""
    assert missing() == [], "Debian's munge and slurm-wlm bring them"
    assert find_spec(PLUGIN) is not None, "`make test-slurm` installs it"
    with OneMachine(tmp_path_factory.mktemp("slurm")) as machine:
        yield machine


@pytest.fixture
def prepared(tmp_path: Path) -> Checkout:
    """A copy of the repository with the study."""
    return _prepare(tmp_path / "checkout")


@pytest.fixture
def submitted(cluster: OneMachine, prepared: Checkout) -> Iterator[Submitted]:
    """The same, on the cluster."""
    one = Submitted(prepared, cluster)
    yield one
    one.end()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the study's records say when nothing but this machine has trained it."""
    checkout = _prepare(tmp_path_factory.mktemp("local") / "checkout")
    ended = checkout.run(f"{RECORDS}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    return digest(*read_tables(checkout.folder / RECORDS))


@pytest.fixture
def bucket_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Where a server of objects answers; it ends with the test."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serving(tmp_path) as server:
        yield server


def _prepare(folder: Path) -> Checkout:
    checkout = check_out(folder)
    words = {**MICRO, "workloads": {"tiny": {**MICRO["workloads"]["tiny"], "epochs": EPOCHS}}}
    (folder / STUDY).write_text(yaml.safe_dump(words, sort_keys=False), encoding="utf-8")
    checkout.program('"$(dirname "$0")/pretending.py"')
    shutil.copy(Path(__file__).with_name("pretending.py"), folder / "bin")
    (folder / "bin" / "seconds").write_text("0", encoding="utf-8")
    return checkout
