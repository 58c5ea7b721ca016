"""A study whose results are objects in S3's way, on a server of this machine: its records are those
of a run in a folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from checkout import Checkout
from one_machine import free_port
from submitted import RECORDS

from nagbench.records import digest, read_tables
from waiting import wait_for

pytestmark = pytest.mark.cluster
BUCKET = "study"
KEY = "of-no-meaning"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Where moto answers, which has one empty bucket; it ends with the test."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    port = free_port()
    command = ["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "server.output").open("wb") as output:
        process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=output)
    try:
        said = tmp_path / "server.output"
        wait_for(
            lambda: "Running on" in said.read_text(encoding="utf-8"),
            what="the server answers",
            seconds=60,
        )
        objects(f"http://127.0.0.1:{port}").create_bucket(Bucket=BUCKET)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def objects(server: str):  # type: ignore[no-untyped-def]
    import boto3  # which `make test-s3` installs

    return boto3.client("s3", endpoint_url=server, region_name="us-east-1")


def test_records_in_a_bucket_are_those_in_a_folder(
    prepared: Checkout, local: str, server: str, tmp_path: Path
) -> None:
    snakemake = [
        Path(sys.executable).with_name("snakemake"), "--cores", "2",
        "--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}",
        "--storage-s3-endpoint-url", server, "--config", "study=micro", "device=cpu",
    ]  # fmt: skip
    environment = prepared.environment()
    plugin = find_spec("snakemake_storage_plugin_s3")
    assert plugin is not None, "`make test-s3` installs it"
    environment["PYTHONPATH"] += f"{os.pathsep}{Path(str(plugin.origin)).parents[1]}"
    for kind in ("ACCESS", "SECRET"):
        environment[f"SNAKEMAKE_STORAGE_S3_{kind}_KEY"] = KEY
    words = [*snakemake, "--", f"{RECORDS}/runs.parquet"]
    subprocess.run(words, cwd=prepared.folder, env=environment, check=True, timeout=900)
    assert not (prepared.folder / RECORDS).exists()
    assert not (prepared.folder / "results/data").exists()
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for name in ("runs.parquet", "curves.parquet", "provenance.json", "SHA256SUMS"):
        objects(server).download_file(BUCKET, f"{RECORDS}/{name}", str(fetched / name))
    assert digest(*read_tables(fetched)) == local
