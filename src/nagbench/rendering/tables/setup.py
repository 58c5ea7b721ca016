"""Tables of what was compared, how it was tuned, and on what it ran."""

import json
import math

from nagbench.rendering.lookup import Tables, seeds
from nagbench.rendering.table import Cell, PerWorkload, Table, number


def workloads(tables: Tables) -> Table:
    """What was trained."""
    rows = [
        [
            Cell(row.label),
            Cell(row.model),
            Cell(f"{row.parameters:,}"),
            Cell(f"{row.flops / 1e6:.1f}"),
            Cell(f"{row.train_size:,}"),
            Cell(str(row.batch_size)),
            Cell(str(row.epochs)),
            Cell(row.precision),
            Cell(", ".join(f"{100 * target:g}" for target in json.loads(row.targets))),
        ]
        for row in tables["workloads"].itertuples()
    ]
    header = [
        "Workload", "Network", "Parameters", "MFLOP", "Images", "Batch", "Epochs", "Precision",
        "Targets (%)",
    ]  # fmt: skip
    return Table(header, "llrrrrrll", rows)


def rules(tables: Tables) -> Table:
    """The update rules of the methods that are written for this benchmark, from their source."""
    found = tables["optimizers"]
    stated = found[found["formula"] != ""].drop_duplicates("formula")
    rows = [[Cell(row.label), Cell(row.formula, formula=True)] for row in stated.itertuples()]
    return Table(["Method", "Rule"], "l>{\\raggedright\\arraybackslash}p{0.7\\linewidth}", rows)


def settings(tables: Tables) -> Table:
    """What tuning chose, and where it looked."""
    page = PerWorkload(tables)
    for row in tables["settings"].itertuples():
        page.add(
            row.workload,
            row.optimizer,
            Cell(row.roles.replace("_", "-")),
            Cell("–" if math.isnan(row.learning_rate) else f"{row.learning_rate:.4g}"),
            Cell(row.others or "none"),
            Cell(row.searched or "untuned"),
            Cell(row.edge or "–"),
        )
    header = ["Chosen by", "Learning rate", "Other settings", "Searched", "Edge"]
    return page.table("Optimizer", header, "lrlll")


def tuning(tables: Tables) -> Table:
    """How nearly tuning chose otherwise, and what choosing cost."""
    page = PerWorkload(tables)
    for row in tables["tuning"].itertuples():
        if row.role == "runner_up":
            continue
        unit = 100 if row.role == "accuracy" else 1
        page.add(
            row.workload,
            row.optimizer,
            Cell(row.role),
            Cell(str(row.trials)),
            Cell(f"{row.epochs:.0f}"),
            Cell(number(100 * row.another_wins, 0)),
            Cell(number(unit * row.regret, 2 if unit > 1 else 0)),
            Cell(number(100 * row.default_loss, 1)),
            Cell(row.grown or "–"),
            Cell(row.edge or "–"),
        )
    header = [
        "Chosen by", "Trials", "Epochs", "Another (%)", "Regret", "Default loses", "Grown", "Edge",
    ]  # fmt: skip
    return page.table("Optimizer", header, "lrrrrrll")


def computing(tables: Tables) -> Table:
    """On what the runs were trained, and how long."""
    facts = tables["study"].iloc[0]
    rows = [
        [
            "Runs",
            f"{facts['runs']}, {facts['diverged']} diverged, {facts['failed']} failed; "
            f"the study plans {facts['units']} units",
        ],
        ["Computing", f"{facts['hours']:.2f} hours of training and evaluation, by the clock"],
        ["Device", f"{facts['device']} ({facts['backend']})"],
        ["PyTorch", f"{facts['torch']}, threads a run: {facts['threads']}"],
        ["Python", facts["python"]],
        ["System", facts["system"]],
        ["Code", f"version {facts['version']}, digests of training code: {facts['codes']}"],
        ["Data", f"{facts['edition']}, digest {facts['data_digest']}"],
    ]
    return Table(["What", "Found in the records"], "lp{0.68\\linewidth}", _cells(rows))


def checklist(tables: Tables) -> Table:
    """The questions of the machine-learning reproducibility checklist, as the records answer."""
    facts = tables["study"].iloc[0]
    pairs = tables["comparisons"]
    seconds = 3600 * facts["hours"] / facts["runs"]
    answers = [
        ["Mathematical setting, algorithm, model", "section 2; the source of each optimizer"],
        ["Data: source, splits, preprocessing", f"{facts['edition']}; {facts['validation_size']} "
         "training images held out; crops, flips as stated for the workload"],
        ["Range of hyperparameters, method of choice", f"up to {facts['trials']} trials by "
         f"{facts['search']}, up to {facts['tuning_seeds']} seeds each, judged on held-out images"],
        ["Number of evaluation runs", f"{seeds(tables)} that tuning never saw"],
        ["Measure, central tendency, variation", "mean with 95 % interval, SD between seeds"],
        ["Tests and correction", f"{len(pairs)} pairs, sign flips, level {facts['level']} for the "
         "comparisons of an optimizer with the others (Bonferroni)"],
        ["Average run time", f"{seconds:.1f} s a run, stopped ones too"],
        ["Computing infrastructure", f"{facts['device']}, PyTorch {facts['torch']}"],
        ["Code, environment, records", "public: one command from records to paper; locked pins"],
    ]  # fmt: skip
    return Table(["Asked", "Answer"], "p{0.36\\linewidth}p{0.56\\linewidth}", _cells(answers))


def _cells(rows: list[list[str]]) -> list[list[Cell]]:
    return [[Cell(str(text)) for text in row] for row in rows]
