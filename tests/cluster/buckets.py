"""A server of objects in S3's way, on this machine alone, with one empty bucket."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from checkout import Checkout
from one_machine import free_port
from submitted import RECORDS

from waiting import wait_for

BUCKET = "study"
KEY = "of-no-meaning"
PLUGIN = "snakemake_storage_plugin_s3"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Where moto answers, until the context ends."""
    port = free_port()
    command = ["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    said = folder / "server.output"
    with said.open("wb") as output:
        process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=output)
    try:
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


def fetch_records(server: str, folder: Path) -> Path:
    """The study's records, out of the bucket."""
    folder.mkdir()
    for name in ("runs.parquet", "curves.parquet", "provenance.json", "SHA256SUMS"):
        objects(server).download_file(BUCKET, f"{RECORDS}/{name}", str(folder / name))
    return folder


def environment(checkout: Checkout, *plugins: str) -> dict[str, str]:
    """What Snakemake needs to reach the bucket, and where its plugins are."""
    found = checkout.environment()
    for one in (PLUGIN, *plugins):
        plugin = find_spec(one)
        assert plugin is not None, f"no {one}: the target of make installs it"
        found["PYTHONPATH"] += f"{os.pathsep}{Path(str(plugin.origin)).parents[1]}"
    for kind in ("ACCESS", "SECRET"):
        found[f"SNAKEMAKE_STORAGE_S3_{kind}_KEY"] = KEY
    return found
