"""What the rules make: a real run of a very small study, and what becomes of it later."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pandas as pd
from checkout import STUDY, TRAINING, Checkout, everything, has_tex

from nagbench.records import TIMES
from nagbench.sources import sources
from nagbench.study.file import load_study
from nagbench.study.model import STAGES
from nagbench.study.plan import units
from nagbench.study.unit import read_plan
from terminal import Terminal
from waiting import wait_for


def test_a_run_makes_everything_and_tells_how_it_goes(finished: Checkout) -> None:
    told = (finished.folder / "output.txt").read_text()
    assert re.search(r"^\d+ jobs, 4 units to train$", told, re.MULTILINE)
    assert re.search(r"^test/tiny/sgd: 4 of 4 epochs, done in ", told, re.MULTILINE)
    assert re.search(r"^micro: 4 of 4 units, 16 of 16 epochs", told, re.MULTILINE)
    assert "\x1b" not in told
    assert told.splitlines()[-1].startswith("Done in ")
    made = [
        "results/micro/records/runs.parquet",
        "results/micro/explore.html",
        "results/micro/report.html",
        "results/micro/tables/results.tex",
        "figures/micro/learning_curves.pdf",
        "figures/micro/learning_curves.png",
    ]
    if has_tex():
        made.append("results/micro/paper.pdf")
        log = (finished.folder / "results/micro/paper/paper.log").read_text(errors="replace")
        wide = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide", log)
        assert max(map(float, wide), default=0) < 5, "something runs off its page"
        assert not re.search("undefined|multiply defined|same identifier", log)
    for path in made:
        assert (finished.folder / path).stat().st_size > 0, path


def test_the_report_needs_no_network(finished: Checkout) -> None:
    report = (finished.folder / "results/micro/report.html").read_text()
    assert not re.search(r"<(script|img|link)[^>]*(src|href)=[\"']https?:", report)
    caption = (finished.folder / "workflow/report/learning_curves.rst").read_text().split(".")[0]
    assert caption in report
    assert "synthetic (DEMO)" in report
    assert r"href=\"explore.html\"" in report  # in a script's string


def test_every_job_leaves_a_log_and_every_training_a_benchmark(finished: Checkout) -> None:
    for unit in ("tune/tiny/sgd", "test/tiny/nag_sutskever"):
        log = (finished.folder / f"results/micro/logs/{unit}.log").read_text()
        assert f"{unit}: 4 of 4 epochs, done in " in log
        assert (finished.folder / f"results/micro/benchmarks/{unit}.tsv").is_file()


def test_units_train_from_the_plan_of_their_stage(finished: Checkout) -> None:
    study = load_study(str(finished.folder / STUDY))
    for stage in STAGES:
        plan = finished.folder / f"results/micro/plan/{stage}.json"
        assert read_plan(plan) == units(study, stage)


# The words of a command of which Snakemake's rule has another name.
RULES = {
    "calibrate": "calibration",
    "explore": "explore_html",
    "figure": "figures",
    "table": "tables",
}


def test_a_command_loads_what_its_rule_names(finished: Checkout, tmp_path: Path) -> None:
    """All that a command reads of the package, but for what any command does, is an input."""
    checkout = finished.copy(tmp_path / "checkout")
    words = ("results/micro/paper/numbers.tex", "results/micro/paper/captions.tex")
    assert checkout.run(*words).returncode == 0
    subprocess.run(
        [checkout.folder / "bin/nagbench", "--version"],
        env=checkout.environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    loaded: dict[str, set[str]] = {}
    for note in (checkout.folder / "loaded").iterdir():
        command = note.name.rpartition("-")[0]
        paths = (path for path in json.loads(note.read_text()) if "/__pycache__/" not in path)
        parts = (path.rpartition("/src/")[2] for path in paths)
        loaded.setdefault(command, set()).update(f"src/{part}" for part in parts)
    always = loaded.pop("help")
    inputs = checkout.inputs(*everything(), *words)
    # A check may refuse records; it changes nothing in what is made of them.
    always |= set(sources("nagbench.runner.attest"))
    # The code that trains is held against fresh runs, in tests/architecture.
    unnamed = {
        command: files - always - inputs[RULES.get(command, command)]
        for command, files in loaded.items()
        if command not in ("train", "preflight")
    }
    assert {command: files for command, files in unnamed.items() if files} == {}
    made = {"calibrate", "captions", "choose", "collect", "data", "explore", "figure", "numbers"}
    assert {*made, "statistics", "table", "theory", "train"} <= loaded.keys()


def test_no_command_grows_with_the_study(finished: Checkout) -> None:
    """A shell takes 128 KiB, which the names of two thousand units exceed."""

    def longest() -> int:
        ended = finished.run("--dry-run", "--forceall", "--printshellcmds", *everything())
        commands = re.findall("^Shell command: .*", ended.stdout, re.MULTILINE)
        assert len(commands) > 10
        return max(map(len, commands))

    before = longest()
    with finished.edited(STUDY, "sgd: null", "sgd: null\n  qhm: null\n  adam: null"):
        assert longest() == before


def test_a_comment_trains_nothing(finished: Checkout, tmp_path: Path) -> None:
    """Its job runs again, and finds every run in the store."""
    checkout = finished.copy(tmp_path / "checkout")
    record = "results/micro/tune/tiny/sgd.parquet"
    before = (checkout.folder / record).read_bytes()
    log = checkout.folder / "results/micro/logs/tune/tiny/sgd.log"
    with (checkout.folder / "src/nagbench/engine/loop.py").open("a") as file:
        file.write("\n# Edited.\n")
    assert record in checkout.pending(record)
    ended = checkout.run(record)
    assert ended.returncode == 0, ended.stdout
    assert "4 of 4 epochs are kept from before" in log.read_text()
    assert (checkout.folder / record).read_bytes() == before
    with (checkout.folder / "src/nagbench/engine/loop.py").open("a") as file:
        file.write("_EDITED = 1\n")
    assert checkout.run(record).returncode == 0
    assert "0 of 4 epochs\n" in log.read_text()


def test_nothing_changed_nothing_to_do(finished: Checkout) -> None:
    assert finished.pending(*everything()) == {}
    ended = finished.run(*everything())
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "Nothing to do: everything is up to date."


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
    shutil.copytree(
        checkout.folder / "results/validation", checkout.folder / "paper/records/validation"
    )
    shutil.rmtree(checkout.folder / "results")
    pending = checkout.pending("figures", "tables", records="committed")
    assert not TRAINING & set(pending.values())
    ended = checkout.run("results/micro/tables/results.csv", records="committed")
    assert ended.returncode == 0, ended.stdout
    table = "results/micro/tables/results.csv"
    assert (checkout.folder / table).read_bytes() == (finished.folder / table).read_bytes()


def test_an_interrupted_run_goes_on(finished: Checkout, tmp_path: Path) -> None:
    """Three times: by Ctrl-C, however often it is typed, asked to end, and killed."""
    checkout, undisturbed = (longer(finished, tmp_path / name) for name in ("checkout", "other"))
    record = "results/micro/tune/tiny/sgd.parquet"
    log = checkout.folder / "results/micro/logs/tune/tiny/sgd.log"
    with Terminal(checkout.command(record), checkout.environment(), checkout.folder) as terminal:
        terminal.until(lambda _: log.is_file() and "0 of 200 epochs" in log.read_text())
        for _ in range(3):
            terminal.type(b"\x03")
        assert terminal.rest() != 0
        shown = terminal.text()
    assert "Stopping: each training ends with its epoch, and is kept" in shown
    assert "0 of 1 job are done and kept" in " ".join(shown.split())
    for word in ("Traceback", "Failed", "restart", "━"):
        assert word not in shown
    for stop in (signal.SIGTERM, signal.SIGKILL):
        log.unlink(missing_ok=True)
        running = subprocess.Popen(
            checkout.command(record),
            cwd=checkout.folder,
            env=checkout.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: log.is_file() and "of 200 epochs" in log.read_text(), running)
        # Killed, it takes nothing with it: what it started has to see that it is gone.
        os.kill(running.pid, stop) if stop == signal.SIGKILL else os.killpg(running.pid, stop)
        assert running.wait(timeout=60) != 0
        assert not (checkout.folder / record).exists()
    for folder in (checkout, undisturbed):
        ended = folder.run(record)
        assert ended.returncode == 0, ended.stdout
    results = [
        pd.read_parquet(one.folder / record).drop(columns=list(TIMES))
        for one in (checkout, undisturbed)
    ]
    clocks = [name for name in results[0] if name.endswith("_seconds")]
    pd.testing.assert_frame_equal(*(frame.drop(columns=clocks) for frame in results))


def longer(finished: Checkout, folder: Path) -> Checkout:
    """Without what gradient descent has trained, and with a hundred epochs of it to come: more than
    pass before a signal arrives."""
    checkout = finished.copy(folder)
    path = checkout.folder / STUDY
    words = path.read_text(encoding="utf-8")
    assert "epochs: 2\n" in words
    path.write_text(words.replace("epochs: 2\n", "epochs: 100\n"), encoding="utf-8")
    (checkout.folder / "results/micro/tune/tiny/sgd.parquet").unlink()
    (checkout.folder / "results/micro/logs/tune/tiny/sgd.log").unlink()
    shutil.rmtree(checkout.folder / "results/runs")
    return checkout


def test_a_failed_job_shows_its_log_and_spares_the_others(
    finished: Checkout, tmp_path: Path
) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    path = "src/nagbench/rendering/figures/sensitivity.py"
    with checkout.edited(path, "def render", "raise RuntimeError('no ink')\ndef render"):
        (checkout.folder / "results/micro/tables/results.csv").unlink()
        ended = checkout.run("figures", "tables")
    assert ended.returncode != 0
    assert "Failed: figures" in ended.stdout
    assert path.rpartition("/")[2] in ended.stdout
    assert "RuntimeError: no ink" in ended.stdout
    assert "CalledProcessError" not in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Failed after")
    assert (checkout.folder / "results/micro/tables/results.csv").is_file()


def test_without_tex_the_paper_names_the_packages(finished: Checkout, tmp_path: Path) -> None:
    checkout = finished.copy(tmp_path / "checkout")
    (checkout.folder / "results/micro/paper.pdf").unlink(missing_ok=True)
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
    with (checkout.folder / ".snakemake/nagbench.lock").open("a") as living:
        fcntl.flock(living, fcntl.LOCK_SH)
        ended = checkout.run(table)
    assert ended.returncode != 0
    assert "--unlock" in ended.stdout
    assert "Traceback" not in ended.stdout
