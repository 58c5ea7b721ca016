"""A study whose results are objects in S3's way, on a server of this machine: its records are those
of a run in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from buckets import BUCKET, environment, fetch_records
from checkout import Checkout
from submitted import RECORDS

from nagbench.records import digest, read_tables

pytestmark = pytest.mark.cluster


def test_records_in_a_bucket_are_those_in_a_folder(
    prepared: Checkout, local: str, bucket_server: str, tmp_path: Path
) -> None:
    snakemake = [
        Path(sys.executable).with_name("snakemake"), "--cores", "2",
        "--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}",
        "--storage-s3-endpoint-url", bucket_server, "--config", "study=micro", "device=cpu",
    ]  # fmt: skip
    words = [*snakemake, "--", f"{RECORDS}/runs.parquet"]
    settings = environment(prepared)
    subprocess.run(words, cwd=prepared.folder, env=settings, check=True, timeout=900)
    assert not (prepared.folder / RECORDS).exists()
    assert not (prepared.folder / "results/data").exists()
    assert digest(*read_tables(fetch_records(bucket_server, tmp_path / "fetched"))) == local
