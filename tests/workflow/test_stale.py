"""What a change makes stale: exactly what depends on it, nothing that does not.

Each test edits a file of a checkout in which everything is made, and asks Snakemake what it would
make again.
"""

import os
from importlib.metadata import version
from pathlib import Path

import pytest
from checkout import STUDY, Checkout, everything, has_tex

SOURCE = "src/nagbench"
CATALOGUE = f"{SOURCE}/optimizers/catalogue/textbook.py"
SUTSKEVER = {
    "results/micro/tune/tiny/nag_sutskever.parquet": "tune",
    "results/micro/chosen/tiny/nag_sutskever.json": "choose",
    "results/micro/test/tiny/nag_sutskever.parquet": "test",
}
UNITS = {
    f"results/micro/{stage}/tiny/{optimizer}.parquet": stage
    for stage in ("tune", "test")
    for optimizer in ("sgd", "nag_sutskever")
}
PAPER = {"results/micro/paper.pdf": "paper_pdf"} if has_tex() else {}
REPORT = {"results/micro/report.html": "report_html"}
EXPLORER = {"results/micro/explore.html": "explore_html"}
# The rules that follow the result tables.
DOWNSTREAM = {"figures", "tables", "report_html", "explore_html"}
if has_tex():
    DOWNSTREAM |= {"numbers", "captions", "paper_pdf"}
STATEMENT = "\n_EDITED = 1\n"
COMMENT = "\n# Edited.\n"


def after(checkout: Checkout, path: str, more: str = STATEMENT) -> dict[str, str]:
    """What is stale once `more` stands at the end of a file."""
    with checkout.restored(path) as file:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(more)
        return checkout.pending(*everything())


def trained(pending: dict[str, str]) -> dict[str, str]:
    """Of what is stale, units and choices."""
    return {path: rule for path, rule in pending.items() if rule in ("tune", "choose", "test")}


def rules(pending: dict[str, str]) -> set[str]:
    return set(pending.values())


def of_rule(checkout: Checkout, *names: str) -> dict[str, str]:
    """All that these rules make."""
    rows = checkout.summary("--summary", *everything())
    return {row["output_file"]: row["rule"] for row in rows if row["rule"] in names}


def test_nothing_changed_nothing_is_stale(made: Checkout) -> None:
    assert made.pending(*everything()) == {}


def test_another_way_to_name_study_and_device_changes_nothing(made: Checkout) -> None:
    assert made.pending(*everything(), study=STUDY, device="auto") == {}


def test_a_touched_file_with_the_same_text_changes_nothing(made: Checkout) -> None:
    code, data = f"{SOURCE}/optimizers/nag_sutskever.py", "results/data/synthetic.npz"
    with made.restored(code) as one, made.restored(data) as other:
        one.touch()
        other.touch()
        assert made.pending(*everything()) == {}


# ---- what trains


@pytest.mark.parametrize("module", ["engine/loop", "models/tiny_cnn", "losses/cross_entropy"])
def test_what_every_run_loads_trains_every_unit(made: Checkout, module: str) -> None:
    pending = after(made, f"{SOURCE}/{module}.py")
    assert UNITS.items() <= pending.items()


def test_an_optimizers_file_trains_that_optimizer_alone(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/optimizers/nag_sutskever.py")
    assert trained(pending) == SUTSKEVER
    assert {"collect", "statistics"} | DOWNSTREAM <= rules(pending)


def test_the_data_set_trains_every_unit(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/data/synthetic.py")
    assert pending["results/data/synthetic.npz"] == "data"
    assert UNITS.items() <= pending.items()


def test_a_setting_in_the_catalogue_trains_that_optimizer_alone(made: Checkout) -> None:
    text = (made.folder / CATALOGUE).read_text(encoding="utf-8")
    row = text[text.index("nag_sutskever:NAGSutskever") :]
    old = row[: row.index('"momentum": 0.9') + len('"momentum": 0.9')]
    with made.edited(CATALOGUE, old, old + "5"):
        assert trained(made.pending(*everything())) == SUTSKEVER


def test_a_setting_in_the_study_trains_that_optimizer_alone(made: Checkout) -> None:
    section = "nag_sutskever:\n    settings:\n      momentum: 0.8"
    with made.edited(STUDY, "nag_sutskever: null", section):
        pending = made.pending(*everything())
    assert trained(pending) == SUTSKEVER


def test_another_test_seed_keeps_the_tuning(made: Checkout) -> None:
    with made.edited(STUDY, "- 12", "- 12\n  - 13"):
        pending = made.pending(*everything())
    assert rules(trained(pending)) == {"test"}


def test_a_new_optimizer_trains_alone(made: Checkout) -> None:
    with made.edited(STUDY, "sgd: null", "sgd: null\n  nag: null"):
        pending = made.pending(*everything())
    assert {path.rpartition("/")[2].partition(".")[0] for path in trained(pending)} == {"nag"}


@pytest.mark.parametrize(("said", "stale"), [("9.9.9+cpu", True), (None, False)])
def test_another_release_of_a_library_trains_every_unit(
    made: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, stale: bool
) -> None:
    """But not another build of the same release."""
    said = said or version("torch").partition("+")[0] + "+other"
    about = tmp_path / "torch-0.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {said}\n", encoding="utf-8")
    found = made.environment()
    found["PYTHONPATH"] = os.pathsep.join([str(tmp_path), found["PYTHONPATH"]])
    monkeypatch.setattr(made, "environment", lambda _path: found)
    pending = made.pending(*everything())
    assert (UNITS.items() <= pending.items()) is stale
    assert bool(pending) is stale


# ---- what trains nothing


@pytest.mark.parametrize(
    "module",
    [
        "runner/unit",
        "runner/store",
        "commands/training",
        "cli",
        "schedules/cosine",  # of no run of this study
        "optimizers/srsgd",
        "version",
    ],
)
def test_what_no_run_loads_trains_nothing(made: Checkout, module: str) -> None:
    assert trained(after(made, f"{SOURCE}/{module}.py")) == {}


@pytest.mark.parametrize("module", ["runner/unit", "commands/training", "schedules/cosine"])
def test_what_makes_no_result_makes_nothing_stale(made: Checkout, module: str) -> None:
    assert after(made, f"{SOURCE}/{module}.py") == {}


def test_words_about_an_optimizer_train_nothing(made: Checkout) -> None:
    with made.edited(CATALOGUE, '"NAG (Sutskever)"', '"Sutskever"'):
        pending = made.pending(*everything())
    assert trained(pending) == {}
    assert {"statistics"} | DOWNSTREAM <= rules(pending)


@pytest.mark.parametrize("module", ["models/registry", "schedules/registry", "losses/registry"])
def test_a_registry_tunes_nothing(made: Checkout, module: str) -> None:
    assert "tune" not in rules(after(made, f"{SOURCE}/{module}.py"))


def test_other_targets_of_a_study_train_nothing(made: Checkout) -> None:
    with made.edited(STUDY, "high: 0.2", "high: 0.25"):
        pending = made.pending(*everything())
    assert trained(pending) == {}
    assert "statistics" in rules(pending)


# ---- what is made of records


def test_choosing_chooses_again(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/study/choice.py")
    assert rules(trained(pending)) == {"choose", "test"}


def test_a_statistic_makes_the_result_tables_again(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/statistics/ranks.py")
    assert rules(pending) == {"statistics"} | DOWNSTREAM


def test_a_test_that_is_calibrated_is_calibrated_again(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/statistics/intervals.py")
    assert {"calibration", "statistics"} <= rules(pending)
    assert "theory" not in rules(pending)


def test_the_calibration_alone(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/validation/calibration.py")
    assert rules(pending) == {"calibration", "statistics"} | DOWNSTREAM


@pytest.mark.parametrize("module", ["validation/problems", "optimizers/nesterov_1983"])
def test_the_theory_alone(made: Checkout, module: str) -> None:
    """Its problems, and methods that it measures and the study does not train."""
    pending = after(made, f"{SOURCE}/{module}.py")
    assert rules(pending) == {"theory", "statistics"} | DOWNSTREAM


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("rendering/figures/sensitivity.py", COMMENT),
        ("rendering/layout.py", STATEMENT),  # which some figures import
        ("rendering/nagbench.mplstyle", "# Edited.\n"),
    ],
)
def test_what_draws_a_figure_draws_figures_alone(made: Checkout, path: str, more: str) -> None:
    pending = after(made, f"{SOURCE}/{path}", more)
    looks = EXPLORER if path.endswith(".mplstyle") else {}  # the page has the figures' colours
    assert pending == {**of_rule(made, "figures"), **REPORT, **PAPER, **looks}
    assert {"figures/micro/ranks.pdf", "figures/micro/ranks.png"} <= pending.keys()


def test_a_table_makes_no_figure(made: Checkout) -> None:
    pending = after(made, f"{SOURCE}/rendering/tables/setup.py")
    assert pending == {**of_rule(made, "tables"), **REPORT, **PAPER, **EXPLORER}


def test_a_caption_draws_nothing(made: Checkout) -> None:
    pending = after(made, "workflow/report/ranks.rst", "More.\n")
    captions = {"results/micro/paper/captions.tex": "captions"} if has_tex() else {}
    assert pending == {**captions, **REPORT, **PAPER}


@pytest.mark.skipif(not has_tex(), reason="needs TeX")
@pytest.mark.parametrize(
    ("module", "name"),
    [("numbers", "numbers"), ("captions", "captions"), ("procedure", "numbers")],
)
def test_words_of_the_paper_make_the_paper_alone(made: Checkout, module: str, name: str) -> None:
    pending = after(made, f"{SOURCE}/rendering/{module}.py")
    page = EXPLORER if module == "procedure" else {}  # it tells the registration in their words
    assert pending == {f"results/micro/paper/{name}.tex": name, **PAPER, **page}


def test_a_formula_that_changed_is_printed_again(made: Checkout, tmp_path: Path) -> None:
    """The table of rules prints what the optimizer's docstring states."""
    checkout = made.copy(tmp_path / "checkout")
    records = checkout.folder / "paper/records"
    records.mkdir()
    (checkout.folder / "results/micro/records").rename(records / "micro")
    (checkout.folder / "results/validation").rename(records / "validation")
    targets = ("results/micro/tables/rules.tex",)
    ended = checkout.run(*targets, records="committed")
    assert ended.returncode == 0, ended.stdout
    assert checkout.pending(*targets, records="committed") == {}
    path = f"{SOURCE}/optimizers/nag_sutskever.py"
    with checkout.edited(path, '"""', '"""Edited. '):
        pending = checkout.pending(*targets, records="committed")
    assert rules(pending) == {"statistics", "tables"}
