"""Going on elsewhere from committed records: nothing is trained twice, and the end is the same."""

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from test_all_units import Campaign

from nagbench.cli import main
from nagbench.data.images import ImageSet
from nagbench.engine import loop
from nagbench.records import SUMS, TIMES, UNFINISHED, read_tables, read_units
from nagbench.runner import attest, unfinished
from nagbench.runner.one_process import OneProcess

RUNGS = {
    "points": 3, "rungs": [{"epochs": 1, "keep": 2}, {"epochs": 2, "keep": 1}], "finalists": 1,
    "seeds": [1, 2], "grows": False, "choices": ["accuracy"], "runner_up_seeds": 0,
}  # fmt: skip


@pytest.fixture
def study(small: dict[str, Any]) -> dict[str, Any]:
    small["tuning"] |= RUNGS
    small["workloads"]["tiny"]["epochs"] = 3
    return small


def merged(campaign: Campaign, output: Path, *parts: Path) -> int:
    words = ["--study", str(campaign.study), "--data", str(campaign.folder / "data.npz")]
    words += ["--store", str(campaign.folder / "runs"), "--device", "cpu"]
    return main(["records", "merge", *words, "--output", str(output), *map(str, parts)])


def stopped_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> list[int]:
    """Let training be interrupted after so many epochs, and count them."""
    trained, true = [0], loop.train

    def counted(*words: Any, **more: Any) -> Any:
        for one in true(*words, **more):
            trained[0] += 1
            yield one
            if trained[0] == epochs:
                raise KeyboardInterrupt

    def here(
        _: Any, images: Any, store: Any, stop: Any, device: str, code: Any, options: Any
    ) -> Any:
        """Trains in this process, where it can be counted."""
        return nullcontext(OneProcess(images, store, stop, device, code, options.lanes))

    monkeypatch.setattr("nagbench.runner.one_process.train", counted)
    monkeypatch.setattr("nagbench.commands.training._trainer", here)
    return trained


def untimed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in frame if name in TIMES])


@pytest.mark.parametrize("epochs", [3, 5, 9, 15])
def test_any_machine_goes_on_from_the_committed_records(
    tmp_path: Path,
    study: dict[str, Any],
    images: ImageSet,
    monkeypatch: pytest.MonkeyPatch,
    epochs: int,
) -> None:
    """Stopped within the first rung, a later one, the second unit; the first machine is lost."""
    whole, first, second = (Campaign(tmp_path / name, images) for name in ("w", "1", "2"))
    with monkeypatch.context() as patched:
        in_all = stopped_after(patched, -1)
        assert whole.train(study) == 0
    with monkeypatch.context() as patched:
        stopped_after(patched, epochs)
        assert first.train(study) == 130
    records = tmp_path / "records"
    done = first.folder / "results/small/tune"
    if not done.is_dir():  # no unit is whole yet
        done.mkdir(parents=True)
    assert merged(first, records, done) == 0
    assert (records / UNFINISHED).is_file()
    kept = read_units([records / UNFINISHED])[0]
    shutil.rmtree(first.folder)
    with monkeypatch.context() as patched:
        trained = stopped_after(patched, -1)
        assert second.train(study, "--records", str(records)) == 0
    # What has ended is not trained again; what was left at a rung only if it goes on from there.
    ended = int(3 * (kept["status"] == "finished").sum())
    assert in_all[0] - epochs <= trained[0] <= in_all[0] - ended - (epochs == 3)
    for unit in ("tune/tiny/sgd", "test/tiny/sgd", "tune/tiny/nag_sutskever"):
        for one, other in zip(whole.unit(unit), second.unit(unit), strict=True):
            pd.testing.assert_frame_equal(untimed(one), untimed(other))
    assert merged(second, records, records, second.folder / "results/small") == 0
    assert not (records / UNFINISHED).exists()
    assert UNFINISHED not in (records / SUMS).read_text()
    assert len(read_tables(records)[0]) == len(
        read_units(sorted((whole.folder / "results/small").rglob("*.parquet")))[0]
    )


def test_runs_of_another_code_are_taken_only_where_it_is_attested(
    tmp_path: Path, study: dict[str, Any], images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Campaign(tmp_path / "1", images)
    assert one.train(study, "--units", "tune/tiny/sgd") == 0
    records = tmp_path / "records"
    assert merged(one, records, one.folder / "results/small") == 0
    code = str(read_tables(records)[0]["code"].iloc[0] or attest.codes(read_tables(records)[0])[0])
    monkeypatch.setattr(unfinished, "code_digest", lambda _: "today")
    monkeypatch.setattr("nagbench.runner.all_units.code_digest", lambda _: "today")
    other = Campaign(tmp_path / "2", images)
    other.study.write_text(one.study.read_text())
    with monkeypatch.context() as patched:
        trained = stopped_after(patched, 1)
        words = ("--units", "tune/tiny/sgd", "--records", str(records))
        assert other.train(study, *words) == 130
        assert trained[0] == 1
    entry = attest.Attestation("tiny", "sgd", code, "today", "r", "d", "t", "2026")
    attest.write(records, [entry])
    monkeypatch.setattr("nagbench.runner.unit.code_digest", lambda _: "today")
    with monkeypatch.context() as patched:
        trained = stopped_after(patched, -1)
        words = ("--units", "tune/tiny/sgd", "--records", str(records))
        assert other.train(study, *words) == 0
        assert trained[0] == 0
        assert other.train(study, *words) == 0  # and they count as there
