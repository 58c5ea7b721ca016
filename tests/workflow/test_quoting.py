"""What a user names reaches no shell unquoted: odd names train, or are refused in one message."""

import os
from pathlib import Path

import pytest
import yaml
from checkout import MICRO, Checkout, check_out

# Each would make the file `broken` in some shell, or end a command early.
ODD = ["a b;touch broken", "$(touch broken)", "`touch broken`", "a'b\"c & touch broken"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return check_out(tmp_path_factory.mktemp("quoting") / "checkout")


@pytest.mark.slow
def test_a_study_in_folders_of_odd_names_trains(checkout: Checkout) -> None:
    folder = Path(*ODD)
    place = checkout.folder / folder / "odd.yaml"
    place.parent.mkdir(parents=True)
    place.write_text(yaml.safe_dump({**MICRO, "title": ODD[1]}), encoding="utf-8")
    ended = checkout.run("statistics", "data", study=os.fspath(folder / "odd.yaml"))
    assert ended.returncode == 0, ended.stdout
    assert (checkout.folder / "results/odd/statistics/study.parquet").is_file()
    assert not [*checkout.folder.rglob("broken")]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("study", f"{ODD[0]}.yaml"),
        ("study", "{wildcard}/odd.yaml"),
        ("optimizers", ODD[1]),
        ("workloads", ODD[0]),
        ("compare", ODD[0]),
        ("compare", f"mine.py:../../{ODD[1]}"),
        ("cifar10", ODD[0]),
        ("cifar10", "{x}"),
    ],
)
def test_odd_values_of_the_configuration_are_refused(
    checkout: Checkout, key: str, value: str
) -> None:
    words = {"study": "paper" if key == "cifar10" else "micro", key: value}
    ended = checkout.run("--dry-run", "tables", **words)
    assert ended.returncode != 0, ended.stdout
    assert "allowed" in ended.stdout.splitlines()[-1]
    assert "Traceback" not in ended.stdout
    assert not [*checkout.folder.rglob("broken")]
