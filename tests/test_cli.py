"""The commands as a user types them: their way through a study, and each bad input's one line."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nagbench import records, step_costs
from nagbench.cli import main
from nagbench.data.images import ImageSet, load, save
from nagbench.engine.recipe import digest


@pytest.fixture
def study(tmp_path: Path, small: dict[str, Any]) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small, sort_keys=False))
    return str(path)


@pytest.fixture
def data(tmp_path: Path, images: ImageSet) -> str:
    save(images, tmp_path / "data.npz")
    return str(tmp_path / "data.npz")


def train(study: str, data: str, folder: Path, unit: str, *more: str) -> int:
    output = folder / f"{unit}.parquet"
    return main(
        ["train", study, "--unit", unit, "--data", data, "--output", str(output),
         "--store", str(folder / "runs"), "--device", "cpu", *more]
    )  # fmt: skip


def train_all(study: str, data: str, folder: Path) -> list[str]:
    """Train both optimizers of the study; returns the files of the units, in the study's order."""
    tuned, tested = [], []
    for optimizer in ("sgd", "nag_sutskever"):
        tune, test = (f"{stage}/tiny/{optimizer}" for stage in ("tune", "test"))
        found, chosen = str(folder / f"{tune}.parquet"), str(folder / f"{optimizer}.json")
        assert train(study, data, folder, tune) == 0
        assert main(["choose", study, "--unit", tune, "--records", found, "--output", chosen]) == 0
        assert train(study, data, folder, test, "--chosen", chosen) == 0
        tuned.append(found)
        tested.append(str(folder / f"{test}.parquet"))
    return [*tuned, *tested]


def test_from_a_study_to_its_figures(study: str, data: str, tmp_path: Path) -> None:
    units = train_all(study, data, tmp_path)
    merged, tables = str(tmp_path / "records"), str(tmp_path / "statistics")
    assert main(["collect", study, "--output", merged, *units]) == 0
    theory, rates = tmp_path / "theory.yaml", str(tmp_path / "rates.parquet")
    words = yaml.safe_load(Path("src/nagbench/validation/theory.yaml").read_text(encoding="utf-8"))
    theory.write_text(yaml.safe_dump({**words, "conditions": [3, 9], "steps": 100, "images": 50}))
    assert main(["theory", str(theory), "--output", rates]) == 0
    found = str(tmp_path / "calibration.parquet")
    assert main(["calibrate", "--trials", "2", "--output", found]) == 0
    beside = ["--theory", rates, "--calibration", found]
    assert main(["statistics", study, "--records", merged, *beside, "--output", tables]) == 0
    figure, table, numbers, captions = (
        str(tmp_path / name) for name in ("f.pdf", "t.tex", "numbers.tex", "captions.tex")
    )
    assert main(["figure", "learning_curves", "--statistics", tables, "--output", figure]) == 0
    assert main(["table", "results", "--statistics", tables, "--output", table]) == 0
    assert main(["numbers", "--statistics", tables, "--output", numbers]) == 0
    assert main(["captions", "--statistics", tables, "--output", captions]) == 0
    beside = ["--statistics", tables, "--records", merged]
    assert main(["explain", study, "main.leader.accuracy", *beside]) == 0
    assert main(["explain", study, "main.leader.acuracy", *beside]) == 2
    runs, curves = records.read_tables(Path(merged))
    other = tmp_path / "other"
    records.write_tables(other, runs.assign(train_seconds=2 * runs["train_seconds"]), curves)
    assert main(["explain", study, "main.leader.accuracy", *beside[:3], str(other)]) == 2
    for made in (figure, table, numbers, captions):
        assert Path(made).stat().st_size > 0


def test_bad_input_is_one_line_and_status_two(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(study, data, tmp_path, "tune/tiny/adam") == 2
    said = capsys.readouterr().err
    assert said.startswith("nagbench train: unit: found 'tune/tiny/adam'; allowed: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "not readable"),
        (lambda path: path.unlink(), "no such file"),
    ],
)
def test_damaged_data_leave_no_record(
    study: str, data: str, tmp_path: Path, damage: Any, words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    damage(Path(data))
    assert train(study, data, tmp_path, "tune/tiny/sgd") == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "tune").exists()


def test_a_results_folder_that_is_a_file_is_named(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tune").touch()
    assert train(study, data, tmp_path, "tune/tiny/sgd") == 2
    assert "sgd.parquet: cannot be written" in capsys.readouterr().err


def test_records_are_collected_from_a_folder_of_the_studys_units_alone(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that names thousands of files is longer than a shell takes."""
    units = train_all(study, data, tmp_path)
    stranger = tmp_path / "tune/tiny/stranger.parquet"
    stranger.write_bytes(b"of a study that is no more")
    named, folder = tmp_path / "named", tmp_path / "folder"
    assert main(["collect", study, "--output", str(named), *units]) == 0
    assert main(["collect", study, "--output", str(folder), str(tmp_path)]) == 0
    assert records.digest(*records.read_tables(folder)) == records.digest(
        *records.read_tables(named)
    )
    Path(units[0]).unlink()
    assert main(["collect", study, "--output", str(folder), str(tmp_path)]) == 2
    assert f"{units[0]}: no such file" in capsys.readouterr().err


def test_a_foreign_record_is_refused_on_the_way(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign.parquet"
    foreign.write_bytes(b"PAR1 but not really")
    merged = str(tmp_path / "records")
    assert main(["collect", study, "--output", merged, str(foreign)]) == 2
    assert "foreign.parquet: not readable as Parquet" in capsys.readouterr().err
    assert not Path(merged).exists()


def test_killed_at_any_moment_it_goes_on_to_the_same_end(
    study: str, data: str, tmp_path: Path
) -> None:
    unit = "tune/tiny/sgd"
    for place, delays in (("whole", []), ("killed", [1.2, 1.6, 2.0, 2.2, 2.4])):
        folder = tmp_path / place
        command = [
            sys.executable, "-m", "nagbench", "train", study, "--unit", unit, "--data", data,
            "--output", str(folder / "unit.parquet"), "--store", str(folder / "runs"),
            "--device", "cpu",
        ]  # fmt: skip
        for delay in delays:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    frames = [records.read_units([tmp_path / p / "unit.parquet"]) for p in ("whole", "killed")]
    for whole, killed in zip(*frames, strict=True):
        result = [name for name in whole if name not in records.TIMES]
        assert whole[result].equals(killed[result])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_keeps_what_it_has_and_says_so(
    study: str, data: str, tmp_path: Path, small: dict[str, Any], number: signal.Signals
) -> None:
    small["workloads"]["tiny"]["epochs"] = 500
    Path(study).write_text(yaml.safe_dump(small))
    command = [
        sys.executable, "-m", "nagbench", "train", study, "--unit", "tune/tiny/sgd", "--data", data,
        "--output", str(tmp_path / "unit.parquet"), "--store", str(tmp_path / "runs"),
        "--device", "cpu",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        while " epochs, " not in process.stdout.readline():  # until some epochs are done
            assert process.poll() is None
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 75
    assert "stopped early; all it trained is kept" in said
    assert list((tmp_path / "runs").rglob("*.checkpoint"))
    assert not (tmp_path / "unit.parquet").exists()


def test_without_snakemake_a_study_trains_to_the_same_records(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit, chosen = "tune/tiny/sgd", tmp_path / "chosen.json"
    assert train(study, data, tmp_path / "one", unit) == 0
    tuned = str(tmp_path / "one" / f"{unit}.parquet")
    assert main(
        ["choose", study, "--unit", unit, "--records", tuned, "--output", str(chosen)]
    ) == 0  # fmt: skip
    assert train(study, data, tmp_path / "one", "test/tiny/sgd", "--chosen", str(chosen)) == 0

    results = tmp_path / "results"
    many = ["train", study, "--data", data, "--results", str(results),
            "--store", str(tmp_path / "many"), "--device", "cpu"]  # fmt: skip
    assert main(many) == 0
    made = {str(p.relative_to(results / "small")) for p in results.rglob("*.parquet")}
    assert made == {
        f"{s}/tiny/{o}.parquet" for s in ("tune", "test") for o in ("sgd", "nag_sutskever")
    }
    for name in ("tune/tiny/sgd", "test/tiny/sgd"):
        one, other = (
            records.read_units([folder / f"{name}.parquet"])
            for folder in (tmp_path / "one", results / "small")
        )
        for first, second in zip(one, other, strict=True):
            columns = [column for column in first if column not in records.TIMES]
            assert first[columns].equals(second[columns])
    capsys.readouterr()
    assert main([*many, "--missing"]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    (results / "small/test/tiny/sgd.parquet").unlink()
    assert main([*many, "--missing"]) == 0
    assert (results / "small/test/tiny/sgd.parquet").is_file()


def test_a_pattern_chooses_units_and_a_test_needs_its_tuning(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = ["train", study, "--data", data, "--results", str(tmp_path / "results"),
            "--store", str(tmp_path / "runs"), "--device", "cpu", "--units"]  # fmt: skip
    assert main([*many, "test/*/sgd"]) == 2
    assert "allowed: tune/tiny/sgd trained before" in capsys.readouterr().err
    assert main([*many, "tune/*/adam"]) == 2
    assert (
        "--units: no unit matches 'tune/*/adam'; allowed: tune/tiny/sgd" in capsys.readouterr().err
    )
    assert main([*many, "tune/*/sgd"]) == 0
    assert main([*many, "test/*/sgd"]) == 0
    assert len(list((tmp_path / "results").rglob("*.parquet"))) == 2


def test_out_of_time_a_study_keeps_what_it_has_and_goes_on(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = ["train", study, "--data", data, "--results", str(tmp_path / "results"),
            "--store", str(tmp_path / "runs"), "--device", "cpu", "--missing"]  # fmt: skip
    assert main([*many, "--minutes", "1e-6"]) == 75
    assert "stopped early" in capsys.readouterr().err
    assert main(many) == 0
    assert len(list((tmp_path / "results").rglob("*.parquet"))) == 4


def test_one_unit_needs_its_files(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", study, "--unit", "tune/tiny/sgd"]) == 2
    assert "--output: missing" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "-1"])
def test_no_time_at_all_is_refused(
    study: str, data: str, tmp_path: Path, minutes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(study, data, tmp_path, "tune/tiny/sgd", "--minutes", minutes) == 2
    assert "--minutes: found" in capsys.readouterr().err


def test_the_embedded_data_are_made_by_their_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "synthetic.npz"
    assert main(["data", "synthetic", "--output", str(output)]) == 0
    assert load(output).digest[:16] in capsys.readouterr().out


def test_a_gpu_study_stops_where_there_is_none(
    tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "big.yaml"
    path.write_text(yaml.safe_dump({**small, "gpu": True}))
    monkeypatch.setattr("nagbench.runner.devices.has_gpu", lambda: False)
    assert main(["preflight", str(path)]) == 3
    said = capsys.readouterr().err
    for words in ("nothing was trained", "big.yaml --device cpu`", "study=demo", "device=cpu"):
        assert words in said
    assert main(["preflight", str(path), "--device", "cpu"]) == 0
    monkeypatch.setattr("nagbench.runner.devices.has_gpu", lambda: True)
    assert main(["preflight", str(path)]) == 0


def test_asking_for_a_gpu_that_is_not_there_is_refused(
    study: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    output = str(tmp_path / "x.parquet")
    command = ["train", study, "--unit", "tune/tiny/sgd", "--data", data, "--output", output]
    assert main([*command, "--device", "cuda"]) == 2
    assert "--device cuda: no GPU that torch" in capsys.readouterr().err


def test_plan_optimizers_and_schema_print_what_they_say(
    study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", study, "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    (line,) = (line for line in printed.splitlines() if line.startswith("tune/tiny/sgd "))
    assert line.split()[1] == "3"
    assert "4 units, 10 runs: about " in printed
    assert main(["optimizers"]) == 0
    assert "nag_sutskever" in capsys.readouterr().out
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["workloads"]


def test_steps_measured_side_by_side_are_kept_with_the_records_and_planned_with(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    folder = Path("paper/records", Path(study).stem)
    folder.mkdir(parents=True)
    for name in records.TABLES:
        (folder / name).write_text(name)
    records.seal(folder)
    output = folder / "step_costs.json"
    command = ["bench", "optimizers", "--study", study, "--device", "cpu", "--minutes", "0"]
    assert main(command) == 2
    assert "--output FILE.json" in capsys.readouterr().err
    assert main([*command, "--output", str(output), "--lanes", "2"]) == 2
    assert "1 on a CPU" in capsys.readouterr().err
    assert main([*command, "--output", str(output)]) == 0
    said = capsys.readouterr()
    assert "nag_sutskever" in said.out
    assert "6 rounds of 20: the minutes ended" in said.err
    assert main([*command, "--output", str(output), "--rounds", "6"]) == 0
    assert "the minutes ended" not in capsys.readouterr().err
    records.check_sums(folder)
    assert "step_costs.json" in (folder / records.SUMS).read_text()
    plan = ["plan", study, "--device", "cpu"]
    assert main([*plan, "--costs", str(output)]) == 0
    device = step_costs.read(output).machine["device"]
    told = " ".join(capsys.readouterr().out.split())
    assert f"With steps as they were measured on {device}, one run alone: unit" in told
    assert f" on {device}, " in told
    assert main(plan) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("unit ")  # other CPUs' steps say nothing of this one's
    assert " on this cpu, " in told
    (folder / "runs.parquet").write_text("changed")
    assert main([*command, "--output", str(output)]) == 2
    assert "SHA-256" in capsys.readouterr().err
    words = json.loads(output.read_text())
    words["machine"]["backend"] = "cuda"
    content = {name: words[name] for name in ("machine", "images", "costs")}
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({**words, "digest": digest(content)}))
    assert main(["plan", study, "--device", "cpu", "--costs", str(elsewhere)]) == 2
    assert "measured with device cuda" in capsys.readouterr().err
    assert main(["plan", study, "--device", "cuda", "--costs", str(elsewhere)]) == 0
    assert f" on {device}, one at a time" in " ".join(capsys.readouterr().out.split())


def test_training_needs_no_more_than_a_bare_gpu_node_has(
    study: str, data: str, tmp_path: Path
) -> None:
    plan = str(tmp_path / "plan.json")
    assert main(["plan", study, "--output", plan]) == 0
    script = (
        "import sys\n"
        "for name in ('scipy', 'matplotlib', 'seaborn', 'snakemake', 'jsonschema', 'PIL',\n"
        "             'torchvision', 'pydantic', 'yaml', 'statsmodels', 'rich'):\n"
        "    sys.modules[name] = None  # importing it now fails\n"
        "from nagbench.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [
        sys.executable, "-c", script, "train", plan, "--unit", "tune/tiny/sgd", "--data", data,
        "--output", str(tmp_path / "unit.parquet"), "--store", str(tmp_path / "runs"),
        "--device", "cpu",
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert len(records.read_units([tmp_path / "unit.parquet"])[0]) == 3


def test_a_reader_that_has_seen_enough_ends_a_command_quietly() -> None:
    command = f"{sys.executable} -m nagbench schema | head -n 1"
    words = ["bash", "-o", "pipefail", "-c", command]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
