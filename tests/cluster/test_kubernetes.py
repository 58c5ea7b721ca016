"""The workflow through Kubernetes' profile: as a dry run, and in pods that are pretended."""

import sys
from pathlib import Path

import pytest
from buckets import BUCKET, environment, fetch_records
from checkout import Checkout, output_of
from pods import Pods, cluster
from submitted import RECORDS

from nagbench.records import digest, read_tables

pytestmark = pytest.mark.cluster
PLUGIN = "snakemake_executor_plugin_kubernetes"
IMAGE = "registry.example.org/nagbench"


def snakemake(checkout: Checkout, settings: dict[str, str], *words: str) -> str:
    """As docs/how-to/cluster.md says to type it; what it said."""
    command = [
        str(Path(sys.executable).with_name("snakemake")), "--cores", "all",
        "--profile", "workflow/profiles/kubernetes", "--container-image", IMAGE,
        "--default-storage-prefix", f"s3://{BUCKET}", *words, "--", f"{RECORDS}/runs.parquet",
    ]  # fmt: skip
    return output_of(command, checkout.folder, settings)


@pytest.fixture
def pods(prepared: Checkout, tmp_path: Path) -> Pods:
    """Pods that find a copy of the clone in their image, and the plugin for S3 as if by pip."""
    image = prepared.copy(tmp_path / "image")
    pip = image.folder / "bin/pip"
    pip.write_text("#!/bin/sh\n", encoding="utf-8")
    pip.chmod(0o755)
    own = environment(image)
    kept = {name: own[name] for name in ("PATH", "PYTHONPATH", "CUDA_VISIBLE_DEVICES")}
    folder = tmp_path / "pods"
    folder.mkdir()
    return Pods(folder, image.folder, {**kept, "NO_PROXY": "127.0.0.1", "HOME": str(folder)})


def test_a_dry_run_needs_no_cluster(prepared: Checkout, bucket_server: str) -> None:
    words = ("--storage-s3-endpoint-url", bucket_server, "--config", "study=micro")
    said = snakemake(prepared, environment(prepared, PLUGIN), "--dry-run", *words)
    assert "tune" in said


def test_pods_train_what_a_folder_does(
    prepared: Checkout, pods: Pods, local: str, bucket_server: str, tmp_path: Path
) -> None:
    settings = environment(prepared, PLUGIN)
    words = ("--storage-s3-endpoint-url", bucket_server, "--config", "study=micro")
    with cluster(pods) as place:
        try:
            snakemake(prepared, settings | {"KUBECONFIG": str(place)}, *words)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{pods.output()}") from None
    assert digest(*read_tables(fetch_records(bucket_server, tmp_path / "fetched"))) == local
    assert len(pods.asked) == 4
    for container in pods.asked.values():
        assert container["image"] == IMAGE
        wanted = container["resources"]
        assert wanted["limits"]["nvidia.com/gpu"] == wanted["requests"]["nvidia.com/gpu"] == "1"
        assert wanted["limits"]["memory"].endswith("M")
