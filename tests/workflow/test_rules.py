"""What the rules make, and what they make again after a change: a real run, then dry ones."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from checkout import TRAINING, Checkout, everything, has_tex

from nagbench.records import TIMES

SUTSKEVER = {
    "results/micro/tune/tiny/nag_sutskever.parquet": "tune",
    "results/micro/chosen/tiny/nag_sutskever.json": "choose",
    "results/micro/test/tiny/nag_sutskever.parquet": "test",
}
CATALOGUE = "src/nagbench/optimizers/catalogue.py"


def before_statistics(pending: dict[str, str]) -> dict[str, str]:
    return {path: rule for path, rule in pending.items() if rule in TRAINING - {"collect"}}


def test_a_run_makes_everything_and_tells_how_it_goes(finished: Checkout) -> None:
    told = (finished.folder / "output.txt").read_text()
    assert re.search(r"^\d+ jobs, 4 units to train$", told, re.MULTILINE)
    assert re.search(r"^units 4/4 · jobs \d+/\d+", told, re.MULTILINE)
    assert told.splitlines()[-1].startswith("Done in ")
    made = [
        "results/micro/records/runs.parquet",
        "results/micro/report.html",
        "results/micro/tables/results.tex",
        "figures/micro/learning_curves.pdf",
        "figures/micro/learning_curves.png",
    ]
    if has_tex():
        made.append("paper/main.pdf")
    for path in made:
        assert (finished.folder / path).stat().st_size > 0, path


def test_the_report_needs_no_network(finished: Checkout) -> None:
    report = (finished.folder / "results/micro/report.html").read_text()
    assert not re.search(r"<(script|img|link)[^>]*(src|href)=[\"']https?:", report)
    caption = (finished.folder / "workflow/report/learning_curves.rst").read_text().split(".")[0]
    assert caption in report
    assert "Data: synthetic (DEMO)" in report


def test_every_job_leaves_a_log_and_every_training_a_benchmark(finished: Checkout) -> None:
    for unit in ("tune/tiny/sgd", "test/tiny/nag_sutskever"):
        assert "epoch 2 of 2" in (finished.folder / f"results/micro/logs/{unit}.log").read_text()
        assert (finished.folder / f"results/micro/benchmarks/{unit}.tsv").is_file()


def test_nothing_changed_nothing_to_do(finished: Checkout) -> None:
    assert finished.pending(*everything()) == {}
    ended = finished.run(*everything())
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "Nothing to do: everything is up to date."


def test_another_way_to_name_study_and_device_changes_nothing(finished: Checkout) -> None:
    assert finished.pending("tables", study="workflow/studies/micro.yaml", device="auto") == {}


def test_an_optimizers_file_retrains_that_optimizer_alone(finished: Checkout) -> None:
    path = "src/nagbench/optimizers/nag_sutskever.py"
    with finished.edited(path, "import", "# edited\nimport"):
        pending = finished.pending(*everything())
    assert before_statistics(pending) == SUTSKEVER
    assert {"collect", "statistics", "figure", "table", "report_html"} <= set(pending.values())


def test_a_row_of_the_catalogue_retrains_that_optimizer_alone(finished: Checkout) -> None:
    text = (finished.folder / CATALOGUE).read_text()
    row = text[text.index('"nag_sutskever"') :]
    defaults = re.search(r"defaults=\{.*\}", row)
    assert defaults
    head = row[: defaults.end()]
    with finished.edited(CATALOGUE, head, head.replace('"momentum": 0.9', '"momentum": 0.95')):
        pending = finished.pending(*everything())
    assert before_statistics(pending) == SUTSKEVER


def test_words_about_an_optimizer_retrain_nothing(finished: Checkout) -> None:
    with finished.edited(CATALOGUE, '"NAG (Sutskever)"', '"Sutskever"'):
        assert before_statistics(finished.pending(*everything())) == {}


def test_a_touched_file_with_the_same_text_retrains_nothing(finished: Checkout) -> None:
    code, data = "src/nagbench/optimizers/nag_sutskever.py", "results/data/synthetic.npz"
    with finished.restored(code) as one, finished.restored(data) as other:
        one.touch()
        other.touch()
        assert finished.pending(*everything()) == {}


def test_the_engine_retrains_everything(finished: Checkout) -> None:
    with finished.edited("src/nagbench/training/lane.py", '"""', '"""Edited. '):
        pending = finished.pending("tables")
    assert sum(rule in ("tune", "test") for rule in pending.values()) == 4


def test_a_figure_redraws_that_figure_alone(finished: Checkout) -> None:
    with finished.edited("src/nagbench/rendering/figures/sensitivity.py", '"""', '"""Edited. '):
        pending = finished.pending(*everything())
    expected = {
        "figures/micro/sensitivity.pdf": "figure",
        "figures/micro/sensitivity.png": "figure",
        "results/micro/report.html": "report_html",
    }
    if has_tex():
        expected["paper/generated/figures/sensitivity.pdf"] = "paper_figure"
        expected["paper/main.pdf"] = "paper_pdf"
    assert pending == expected


def test_the_statistics_retrain_nothing(finished: Checkout) -> None:
    with finished.edited("src/nagbench/statistics/__init__.py", '"""', '"""Edited. '):
        pending = finished.pending(*everything())
    assert {"statistics", "figure", "table"} <= set(pending.values())
    assert not TRAINING & set(pending.values())


def test_other_targets_of_a_study_retrain_nothing(finished: Checkout) -> None:
    with finished.edited("workflow/studies/micro.yaml", "- 0.2", "- 0.25"):
        pending = finished.pending(*everything())
    assert "statistics" in pending.values()
    assert not TRAINING & set(pending.values())


def test_more_test_seeds_keep_the_tuning(finished: Checkout) -> None:
    with finished.edited("workflow/studies/micro.yaml", "- 12", "- 12\n  - 13"):
        pending = finished.pending("tables")
    assert set(before_statistics(pending).values()) == {"test"}


def test_results_are_trusted_without_snakemakes_notes(finished: Checkout, tmp_path: Path) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    shutil.rmtree(checkout.folder / ".snakemake")
    assert checkout.pending(*everything()) == {}


def test_committed_records_need_no_training(finished: Checkout, tmp_path: Path) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    missing = checkout.run("--dry-run", "tables", records="committed")
    assert missing.returncode != 0
    assert "no paper/records/micro/runs.parquet" in missing.stdout
    assert "Traceback" not in missing.stdout
    committed = checkout.folder / "paper/records/micro"
    shutil.copytree(checkout.folder / "results/micro/records", committed)
    shutil.copytree(checkout.folder / "results/proofs", checkout.folder / "paper/records/proofs")
    shutil.rmtree(checkout.folder / "results")
    pending = checkout.pending("figures", "tables", records="committed")
    assert not TRAINING & set(pending.values())
    ended = checkout.run("results/micro/tables/results.csv", records="committed")
    assert ended.returncode == 0, ended.stdout
    table = "results/micro/tables/results.csv"
    assert (checkout.folder / table).read_bytes() == (finished.folder / table).read_bytes()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on(
    finished: Checkout, tmp_path: Path, stop: signal.Signals
) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    record = "results/micro/tune/tiny/sgd.parquet"
    log = checkout.folder / "results/micro/logs/tune/tiny/sgd.log"
    (checkout.folder / record).unlink()
    shutil.rmtree(checkout.folder / "results/runs")
    log.unlink()
    running = subprocess.Popen(
        checkout.command(record),
        cwd=checkout.folder,
        env=checkout.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while running.poll() is None and not (log.is_file() and "epoch 1" in log.read_text()):
        time.sleep(0.02)
    os.killpg(running.pid, stop)
    running.wait(timeout=60)
    ended = checkout.run(record)
    assert ended.returncode == 0, ended.stdout
    results = [
        pd.read_parquet(folder / record).drop(columns=list(TIMES))
        for folder in (checkout.folder, finished.folder)
    ]
    clocks = [name for name in results[0] if name.endswith("_seconds")]
    pd.testing.assert_frame_equal(*(frame.drop(columns=clocks) for frame in results))


def test_a_failed_job_shows_its_log_and_spares_the_others(
    finished: Checkout, tmp_path: Path
) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    path = "src/nagbench/rendering/figures/sensitivity.py"
    with checkout.edited(path, "def render", "raise RuntimeError('no ink')\ndef render"):
        (checkout.folder / "figures/micro/learning_curves.pdf").unlink()
        ended = checkout.run("figures")
    assert ended.returncode != 0
    assert "Failed: figure sensitivity" in ended.stdout
    assert "RuntimeError: no ink" in ended.stdout
    assert "CalledProcessError" not in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Failed after")
    assert (checkout.folder / "figures/micro/learning_curves.pdf").is_file()


def test_without_tex_the_paper_names_the_packages(finished: Checkout, tmp_path: Path) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    (checkout.folder / "paper/main.pdf").unlink(missing_ok=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for program in Path(folder).iterdir():
            link = programs / program.name
            if program.name not in ("latexmk", "biber") and not link.is_symlink():
                link.symlink_to(program)
    ended = checkout.run("paper", path=str(programs))
    assert ended.returncode != 0
    package = (checkout.folder / "envs/tex-packages.txt").read_text().split()[0]
    assert re.search(rf"TeX is missing.*{package}", ended.stdout)
    rest = checkout.run("figures", "tables", "report", path=str(programs))
    assert rest.returncode == 0, rest.stdout


def test_a_second_run_at_the_same_time_is_refused(finished: Checkout, tmp_path: Path) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    table = "results/micro/tables/results.csv"
    (checkout.folder / table).unlink()
    locks = checkout.folder / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text(f"{table}\n")
    ended = checkout.run(table)
    assert ended.returncode != 0
    assert "--unlock" in ended.stdout
    assert "Traceback" not in ended.stdout
