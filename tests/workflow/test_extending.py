"""The guide EXTENDING.md, followed literally in a copy of the project, then a tiny study run."""

import contextlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from checkout import REPOSITORY, Checkout, check_out
from matplotlib import pyplot as plt

from guides import blocks, follow
from nagbench.engine import build
from nagbench.study.file import load_study, study_content
from nagbench.study.plan import units
from nagbench.study.unit import unit

GUIDE = (REPOSITORY / "EXTENDING.md").read_text(encoding="utf-8")
# Left to the end of the test, where they run once, on a small version of the study.
LATER = ("snakemake", "pytest")
STUDY = "my-study.yaml"
WORDS = ("patient", "two_layers", "stripes", "patience", "final_accuracy")
CLAIMS = ("patience", "usable")


def run(checkout: Checkout, command: str) -> str:
    """A command of the guide, or one of this test; what it printed."""
    ended = subprocess.run(
        ["bash", "-euc", command],
        cwd=checkout.folder,
        env=checkout.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}"
    return ended.stdout


def shrink(file: Path) -> None:
    """The same study, in seconds."""
    study = study_content(file)
    for workload in study["workloads"].values():
        workload |= {
            "epochs": 2,
            "train_size": 256,
            "targets": {"low": 0.05, "high": 0.1, "source": "a test"},
        }
    few = ("sgd", "nag", "patient")
    study["optimizers"] = {name: study["optimizers"][name] for name in few}
    study["hypotheses"] = {name: study["hypotheses"][name] for name in CLAIMS}
    study["tuning"] |= {
        "points": 1,
        "rungs": [],
        "grows": False,
        "choices": ["accuracy"],
        "runner_up_seeds": 0,
    }
    study["testing"] = {"seeds": [101, 102]}
    file.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")


def steps_from_its_file(folder: Path) -> None:
    """The optimizer before it is a row of the catalogue."""
    with contextlib.chdir(folder):
        study = load_study(STUDY)
        recipe = unit(units(study), "tune/tiny_cnn/patient").runs()[0].recipe
        parameter = torch.nn.Parameter(torch.ones(2))
        optimizer = build.optimizer(recipe, [parameter])
    assert recipe.optimizer == "patient.py:Patient"
    parameter.grad = torch.ones(2)
    optimizer.step()
    assert torch.allclose(parameter, torch.full((2,), 0.99))


@pytest.mark.documentation
def test_what_the_guide_says_works(tmp_path: Path) -> None:
    checkout = check_out(tmp_path / "checkout")
    for part in ("tests", "paper"):
        shutil.copytree(REPOSITORY / part, checkout.folder / part, dirs_exist_ok=True)
    shutil.copy(REPOSITORY / "pyproject.toml", checkout.folder)
    later: list[str] = []
    for said, language, text in blocks(GUIDE):
        if language != "sh":
            follow(checkout.folder, said, text)
            continue
        for command in text.splitlines():
            if command.startswith(LATER):
                later.append(command)
                if command.startswith("snakemake"):
                    steps_from_its_file(checkout.folder)
            else:
                run(checkout, command)
    snakemake, *tests = (shlex.split(command) for command in later)

    shrink(checkout.folder / STUDY)
    theory = checkout.folder / "src/nagbench/validation/theory.yaml"
    words = yaml.safe_load(theory.read_text(encoding="utf-8"))
    theory.write_text(yaml.safe_dump({**words, "conditions": [3, 9], "steps": 100, "images": 50}))
    # One process trains in less time than a job for each unit; the workflow takes what it finds.
    data = "--data results/data/stripes.npz"
    run(checkout, f"nagbench train {STUDY} {data} --lanes 1 --device cpu")
    assert snakemake[4] == f"study={STUDY}"
    ended = checkout.run(*snakemake[6:], study=STUDY)
    assert ended.returncode == 0, ended.stdout
    assert "units to train" not in ended.stdout

    optimizer_is_everywhere(checkout.folder)
    model_and_data_train(checkout.folder)
    hypothesis_is_judged(checkout.folder)
    metric_is_measured(checkout)
    figure_is_drawn(checkout.folder)
    own_tests_pass(checkout, tests)


def optimizer_is_everywhere(folder: Path) -> None:
    for name in ("results", "comparisons", "quality", "speed", "stability", "settings", "tuning"):
        table = folder / f"results/my-study/tables/{name}.csv"
        assert table.read_text(encoding="utf-8").count("Patient") == 2, name  # workloads
    for name in ("learning_curves", "survival", "sensitivity", "summary", "time_to_target"):
        table = pd.read_parquet(folder / f"results/my-study/statistics/{name}.parquet")
        assert "patient" in set(table["optimizer"]), name


def model_and_data_train(folder: Path) -> None:
    runs = pd.read_parquet(folder / "results/my-study/records/runs.parquet")
    assert set(runs["data"]) == set(runs["edition"]) == {"stripes"}
    curves = pd.read_parquet(folder / "results/my-study/records/curves.parquet")
    own = curves[curves["run"].isin(runs["run"][runs["workload"] == "two_layers"])]
    loss = own.pivot_table(index="run", columns="epoch", values="validation_loss")
    assert (loss[2] < loss[0]).any()  # of few steps at rates spread over four decades


def hypothesis_is_judged(folder: Path) -> None:
    verdicts = pd.read_parquet(folder / "results/my-study/statistics/hypotheses.parquet")
    assert set(verdicts["hypothesis"]) == set(CLAIMS)
    assert set(verdicts["verdict"]) == {"not testable here"}
    assert verdicts["remark"].str.startswith("2 pairs cannot decide").all()
    assert set(verdicts["pairs"]) == {2}


def metric_is_measured(checkout: Checkout) -> None:
    """Each run's number is the mean of its validation accuracy at epochs 1 and 2."""
    folder = checkout.folder / "results/my-study/records"
    curves = pd.read_parquet(folder / "curves.parquet")
    means = curves[curves["epoch"].isin([1, 2])].groupby("run")["validation_accuracy"].mean()
    said = run(checkout, f"nagbench explain {STUDY} usable")
    shown = dict(re.findall(r"seed \d+ +(\w{16})  finished  +([\d.]+)", said))
    assert len(shown) == 4, said  # two seeds of either optimizer
    assert shown == {name: f"{means[name]:.6g}" for name in shown}


def figure_is_drawn(folder: Path) -> None:
    picture = plt.imread(folder / "figures/my-study/final_accuracy.png")
    assert picture.std() > 0
    assert (folder / "figures/my-study/final_accuracy.pdf").stat().st_size > 0


def own_tests_pass(checkout: Checkout, commands: list[list[str]]) -> None:
    """Those that the guide names, in one process."""
    files = [word for command in commands for word in command[1 : command.index("-k")]]
    wanted = " or ".join(command[command.index("-k") + 1] for command in commands)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", wanted]
    said = run(checkout, shlex.join(pytest))
    assert re.search(r"\d\d passed", said), said
    assert "failed" not in said


@pytest.mark.parametrize(
    ("title", "files"),
    [("Your optimizer", 2), ("Your model", 2), ("Your data set", 2), ("Your metric", 2)],
)
def test_an_addition_touches_few_files(title: str, files: int) -> None:
    """A file of its own and its name in a registry; the user's study is none of the project's.

    An optimizer for one study touches its file and that study; one that is kept, its file, which
    moves into the package, and the catalogue.
    """
    (section,) = re.findall(rf"^## {title}\n(.*?)^## ", GUIDE, re.DOTALL | re.MULTILINE)
    touched = set(re.findall(r"(?:Write|Add to) `([^`]+)`", section))
    assert "> " not in "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.M))
    assert len(touched - {STUDY}) == files


def test_the_guide_names_what_there_is() -> None:
    """Paths of the repository in running text, and commands."""
    for path in re.findall(r"`((?:src|tests|workflow|paper)/[\w./]+)`", GUIDE):
        made = any(word in path for word in WORDS)
        assert made or (REPOSITORY / path).exists(), path
