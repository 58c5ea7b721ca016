"""Bad configuration ends with one message; a GPU study does not start without a GPU."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import REPOSITORY, STUDY, Checkout, check_out
from snakemake.cli import get_argument_parser

OPENING = 2  # lines of Snakemake's own, about the profile and the configuration


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return check_out(tmp_path_factory.mktemp("configuration") / "checkout")


@pytest.mark.parametrize(
    ("config", "found", "allowed"),
    [
        ({"studdy": "demo"}, "'studdy' was unexpected", "study=…"),
        ({"device": "tpu"}, "'tpu' is not one of", "device=auto|cpu|cuda"),
        ({"records": "mine"}, "'mine' is not one of", "records=train|committed"),
        ({"study": "nothing"}, "study 'nothing': none of that name", "demo, micro, paper"),
        ({"study": "gone.yaml"}, "gone.yaml", "allowed"),
        ({"study": "paper", "cifar10": "gone.npz"}, "no file gone.npz", "allowed"),
        ({"container": "gone.sif"}, "no file gone.sif", "docker://"),
        ({"container": "two words.sif"}, "does not match", "container=…"),
        ({"container": "docker://{a}"}, "found 'docker://{a}'", "without braces"),
        ({"optimizers": "nag,sgd"}, "--config optimizers: found 'nag'", "nag_sutskever, sgd"),
        ({"records": "committed"}, "no paper/records/micro/runs.parquet", "records=train"),
    ],
)
def test_bad_configuration_is_one_message(
    checkout: Checkout, config: dict[str, str], found: str, allowed: str
) -> None:
    ended = checkout.run("--dry-run", "tables", **config)
    assert ended.returncode != 0
    message = ended.stdout.splitlines()[-1]
    assert found in message
    assert allowed in message
    assert "Traceback" not in ended.stdout
    assert len(ended.stdout.splitlines()) <= OPENING + 1


def test_the_command_line_goes_before_the_file(checkout: Checkout) -> None:
    with checkout.edited("config/config.yaml", "records: train", "records: mine"):
        ended = checkout.run("--dry-run", "tables")
        assert "or config/config.yaml: 'mine' is not one of" in ended.stdout.splitlines()[-1]
        ended = checkout.run("--dry-run", "tables", records="train")
        assert ended.returncode == 0, ended.stdout


def test_no_core_is_one_message(checkout: Checkout) -> None:
    """Where Snakemake would wait for one."""
    for found in ("0", "-1"):
        ended = checkout.run("--cores=" + found, "tables")
        assert ended.returncode == 1
        message = f"nagbench: --cores: found {found}; allowed: 1 or more, or all"
        assert ended.stdout.splitlines()[-1] == message
        assert "Traceback" not in ended.stdout


def test_a_bad_study_names_the_place(checkout: Checkout) -> None:
    with checkout.edited(STUDY, "epochs: 2", "epochs: 0"):
        ended = checkout.run("--dry-run", "tables")
    assert ended.returncode != 0
    assert "micro.yaml.workloads.tiny.epochs" in ended.stdout.splitlines()[-1]
    assert "Traceback" not in ended.stdout


def test_a_misspelt_reference_ends_a_dry_run(checkout: Checkout) -> None:
    place = checkout.folder / STUDY
    words = yaml.safe_load(place.read_text(encoding="utf-8"))
    mine = {"reference": "torch.optim:SDG", "settings": {"lr": 0.1}, "space": {}}
    words["optimizers"]["mine"] = mine
    with checkout.restored(STUDY):
        place.write_text(yaml.safe_dump(words), encoding="utf-8")
        ended = checkout.run("--dry-run", "tables")
    assert ended.returncode == 2
    assert "SDG is missing" in ended.stdout.splitlines()[-1]
    assert len(ended.stdout.splitlines()) <= OPENING + 1


def test_no_file_beside_the_snakefile_hides_a_package(checkout: Checkout) -> None:
    """Names of packages that Snakemake or the workflow import after it has read its first line."""
    names = ("attr", "referencing", "pyarrow", "nagbench", "yaml", "numpy")
    files = [checkout.folder / f"{name}.py" for name in names]
    for file in files:
        file.write_text("raise SystemExit('hidden')\n", encoding="utf-8")
    try:
        ended = checkout.run("--dry-run", "tables")
    finally:
        for file in files:
            file.unlink()
    assert ended.returncode == 0, ended.stdout


def test_a_gpu_study_stops_before_training_without_a_gpu(checkout: Checkout) -> None:
    ended = checkout.run("all", study="paper", device="auto")
    assert ended.returncode == 3
    assert "meant for a GPU" in ended.stdout
    assert "--config study=demo" in ended.stdout
    assert "nagbench plan paper --device cpu" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert not (checkout.folder / "results/paper/tune").exists()
    assert not (checkout.folder / "results/data").exists()


def test_a_dry_run_of_a_gpu_study_needs_no_gpu(checkout: Checkout) -> None:
    ended = checkout.run("--dry-run", "all", study="paper", device="auto")
    assert ended.returncode == 0, ended.stdout
    assert "meant for a GPU" not in ended.stdout


def test_lint_is_clean(checkout: Checkout) -> None:
    ended = checkout.run("--lint")
    assert ended.returncode == 0, ended.stdout
    assert "in a good condition" in ended.stdout


@pytest.mark.parametrize("name", ["default", "slurm", "kubernetes"])
def test_profiles_set_options_that_exist(name: str) -> None:
    """Those of the executor's plugin apart, which its make target installs."""
    known = set(get_argument_parser()._option_string_actions)
    own = {f"--{key}" for key in profile(name) if not key.startswith(("__", f"{name}-"))}
    assert own <= known


def test_the_default_profile_lies_where_snakemake_looks() -> None:
    found = Path(REPOSITORY, "profiles", "default", "config.yaml")
    assert found.resolve() == REPOSITORY / "workflow" / "profiles" / "default" / "config.yaml"
    assert profile("default")["logger"] == ["nagbench"]


def test_a_profile_sets_nothing_that_any_configuration_would_drop() -> None:
    """Snakemake takes `--config` in place of a profile's, not beside it."""
    for name in ("default", "slurm", "kubernetes"):
        assert not {"config", "configfile"} & profile(name).keys()


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_cluster_without_its_plugin_is_one_message(checkout: Checkout, name: str) -> None:
    ended = checkout.run(f"--profile=workflow/profiles/{name}", "--dry-run", "tables")
    assert ended.returncode == 1
    message = ended.stdout.splitlines()[-1]
    assert message.startswith(f"nagbench: executor {name}: no plugin")
    assert message.endswith(f"pip install snakemake-executor-plugin-{name}")
    assert len(ended.stdout.splitlines()) <= 2


def profile(name: str) -> dict[str, Any]:
    place = REPOSITORY / "workflow" / "profiles" / name / "config.yaml"
    settings: dict[str, Any] = yaml.safe_load(place.read_text(encoding="utf-8"))
    return settings
