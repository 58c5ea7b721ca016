"""The behaviour of judging: the verdicts on records made up once and for all.

A registration keeps them. Sources change with every repair; what they say of these records must not
change without a word, for then they would judge the study's own records otherwise too.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from nagbench.records import CURVE, settings_text
from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.roles import select
from nagbench.statistics.tuning import tuning
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.choice import choose
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import Run, Unit

SHOWN = ("verdict", "remark", "statistic", "pairs", "effect", "low", "high", "p", "power")
SEEDS = list(range(201, 213))
EPOCHS = 6
STEPS = 100  # of an epoch

# By name: final accuracy, its spread between seeds, the share of the way left that an epoch goes,
# and how many test runs diverge.
ARMS = {
    "plain": (0.70, 0.01, 0.4, 0),
    "good": (0.74, 0.01, 0.4, 0),
    "bit_better": (0.708, 0.001, 0.4, 0),
    "noisy": (0.72, 0.05, 0.4, 0),
    "wide": (0.71, 0.02, 0.4, 0),
    "same": (0.701, 0.002, 0.4, 0),
    "quick": (0.70, 0.01, 0.8, 0),
    "breaking": (0.70, 0.01, 0.4, 12),
    "late": (0.30, 0.01, 0.4, 0),
    "later": (0.30, 0.01, 0.3, 0),
}
# By name: accuracy that is lost a decade, squared, from the chosen rate. Of one arm all rates that
# are tried are usable, and of two arms none.
BANDS = {"plain": 0.3, "good": 1.2, "wide": 0.01, "late": 0.1, "later": 0.1}
BAND = {
    "epochs": EPOCHS,
    "seeds": list(range(301, 311)),
    "threshold": 0.6,
    "decades": 1.0,
    "step": 0.25,
    "optimizers": list(BANDS),
}


def _claim(
    statement: str, optimizer: str, reference: str | None = "plain", **more: Any
) -> dict[str, Any]:
    directed = {"direction": "greater"} if statement in ("difference", "threshold") else {}
    return {
        "claim": f"{statement} of {optimizer}",
        "workload": "made_up",
        "optimizer": optimizer,
        **({} if reference is None else {"reference": reference}),
        "metric": "accuracy",
        "statement": statement,
        "margin": 0.01,
        **directed,
        **more,
    }


_RANKED: dict[str, Any] = {
    "claim": "a ranking",
    "workload": "made_up",
    "metric": "accuracy",
    "statement": "ranking",
    "direction": "greater",
}
_LESS: dict[str, Any] = {"metric": "gradients", "direction": "less", "margin": 60.0}
CLAIMS = {
    "better": _claim("difference", "good"),
    "worse": _claim("difference", "plain", "good"),
    "below_relevance": _claim("difference", "bit_better", "same", margin=0.02),
    "no_difference": _claim("difference", "plain", "same", margin=0.03),
    "open": _claim("difference", "wide", margin=0.02),
    "too_few": _claim("difference", "noisy", "same", margin=0.005),
    "breaking": _claim("difference", "breaking"),
    "equal": _claim("equivalence", "same", "bit_better"),
    "unequal": _claim("equivalence", "good"),
    "at_most": _claim("at_most", "same", "bit_better"),
    "more_than": _claim("at_most", "good"),
    "above_a_number": _claim("threshold", "good", None, value=0.66, margin=0.0),
    "near_a_number": _claim("threshold", "good", None, value=0.70, margin=0.0),
    "below_a_number": _claim("threshold", "plain", None, value=0.72, margin=0.0),
    "faster": _claim("difference", "quick", **_LESS),
    "slower": _claim("difference", "plain", "quick", **_LESS),
    "never": _claim("difference", "late", "later", **_LESS),
    "one_arrives": _claim("difference", "plain", "late", **_LESS),
    "breaks_less": _claim("events", "plain", "breaking", metric="diverged", direction="less"),
    "nothing_breaks": _claim("events", "plain", "good", metric="diverged", direction="less"),
    "in_order": {**_RANKED, "optimizers": ["good", "plain", "late"]},
    "out_of_order": {**_RANKED, "optimizers": ["late", "plain", "good"]},
}
# A family of their own, for a claim more in one changes the level of all.
_OTHERS = {
    "spreads_less": _claim(
        "difference", "same", "noisy", metric="deviation", direction="less", margin=0.005
    ),
    "more_even": _claim(
        "difference", "plain", "good", metric="gradient_imbalance", direction="less", margin=0.02
    ),
    "vanishes_less": _claim(
        "difference", "good", metric="gradient_ratio", direction="greater", margin=0.02
    ),
    "stops_early": _claim(
        "at_most", "plain", None, metric="lost_by_stopping", value=0.0, margin=0.1
    ),
    "stops_too_early": _claim(
        "at_most", "late", None, metric="lost_by_stopping", value=0.0, margin=0.005
    ),
    "dearer": _claim("difference", "good", metric="step_cost", direction="greater", margin=0.02),
    "hardly_dearer": _claim("at_most", "good", metric="step_cost", margin=0.2),
    "not_timed": _claim("at_most", "noisy", metric="step_cost", margin=0.2),
}
_OF_BANDS = {
    "wider": _claim("difference", "plain", "good", metric="band", margin=0.1),
    "narrower": _claim("difference", "good", metric="band", margin=0.1),
    "cut_off": _claim("difference", "wide", metric="band", margin=0.1),
    "as_wide_as_one_cut_off": _claim("equivalence", "wide", metric="band", margin=2.0),
    "none_usable": _claim("difference", "late", "later", metric="band", margin=0.1),
}
CLAIMS |= {name: claim | {"family": "others"} for name, claim in _OTHERS.items()}
CLAIMS |= {name: claim | {"family": "bands"} for name, claim in _OF_BANDS.items()}


@cache
def behaviour() -> dict[str, dict[str, Any]]:
    """What judging says of each made-up claim: the columns `SHOWN`, numbers to three digits.

    It depends on no study, takes seconds, and is computed once in a process.
    """
    study = _study()
    selection = select(study, *_records(study), _costs())
    table = verdicts(study, selection, tuning(study, selection)).set_index("hypothesis")
    return {
        str(name): {column: _plain(row[column]) for column in SHOWN}
        for name, row in table.iterrows()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.3g}"
    return int(value) if isinstance(value, int | np.integer) else str(value)


def _study() -> Study:
    """The claims, and an optimizer for each arm that is tuned nowhere."""
    workload = {
        "model": "tiny_cnn",
        "batch_size": 10,
        "train_size": 10 * STEPS,
        "epochs": EPOCHS,
        "targets": {"low": 0.5, "high": 0.65, "source": "made up"},
    }
    # No two arms share a rate, round which bands lie: a run is named by its settings.
    arms = {
        name: {"based_on": "sgd", "label": name, "settings": {"lr": 0.01 + n / 1000}, "space": {}}
        for n, name in enumerate(ARMS)
    }
    content = {
        "title": "Records made up",
        "data": "synthetic",
        "validation_size": 1000,
        "workloads": {"made_up": workload},
        "optimizers": arms,
        "baseline": "plain",
        "tuning": {"points": 1, "seeds": [1], "choices": ["accuracy"], "runner_up_seeds": 0},
        "testing": {"seeds": SEEDS},
        "band": BAND,
        "hypotheses": CLAIMS,
    }
    return study_of("behaviour", content, "behaviour")


def _costs() -> StepCosts:
    """Twenty rounds of two of the arms; a step of the first takes a tenth more."""
    chance = np.random.default_rng(0).normal(0, 0.05, (2, 20))
    costs = [
        StepCost("made_up", name, "eager", 1, 1.0, tuple(base * np.exp(own)))
        for name, base, own in zip(("good", "plain"), (0.011, 0.010), chance, strict=True)
    ]
    return StepCosts({}, costs, {})


def _records(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and curves of all units, by chance that the arm's name and the seed decide."""
    runs: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    choices: dict[str, dict[str, Any]] = {}
    for unit in units(study):
        choice = None if unit.halving is not None else choices[unit.tuned_by]
        made = [_made_up(unit, run) for run in unit.runs(choice=choice)]
        own = pd.DataFrame([row for row, _ in made]), pd.concat([curve for _, curve in made])
        if unit.halving is not None:
            choices[unit.name] = choose(unit, *own)
        runs += [row for row, _ in made]
        curves += [curve for _, curve in made]
    return pd.DataFrame(runs), pd.concat(curves, ignore_index=True)


def _made_up(unit: Unit, run: Run) -> tuple[dict[str, Any], pd.DataFrame]:
    final, spread, pace, diverging = ARMS[unit.optimizer]
    own = np.random.default_rng([*unit.optimizer.encode(), run.seed])
    final += spread * float(own.standard_normal())
    if unit.stage == "band":
        final -= BANDS[unit.optimizer] * (run.trial / 4 - 1) ** 2
    diverges = unit.stage == "test" and run.seed < SEEDS[0] + diverging
    epochs = np.arange(0, EPOCHS / 2 if diverges else EPOCHS + 0.1)
    accuracy = final - (final - 0.1) * (1 - pace) ** epochs
    curve = pd.DataFrame(
        {
            **dict.fromkeys(CURVE, 0.1),
            "run": run.id,
            "epoch": epochs,
            "validation_accuracy": accuracy,
            "test_accuracy": accuracy,
            "gradient_evaluations": STEPS * epochs,
            "spikes": 0.0,
            # They fall, and less and less; the first layer's are the longer by the arm's accuracy.
            "gradient_norm": 1 / (1 + epochs) ** 0.2,
            "gradient_ratio": 10**final,
        }
    )
    row = {
        "run": run.id,
        "study": unit.study,
        "edition": "made up",
        "data": unit.base.data,
        "stage": unit.stage,
        "workload": unit.workload,
        "optimizer": unit.optimizer,
        "trial": run.trial,
        "seed": run.seed,
        "settings": settings_text(run.settings),
        "learning_rate": run.settings["lr"],
        "status": "diverged" if diverges else "finished",
        "diverged_step": STEPS * len(epochs) if diverges else -1,
        "epochs": EPOCHS,
        "gradient_evaluations": float(STEPS * epochs[-1]),
        "train_seconds": 1.0,
        "evaluation_seconds": 0.1,
        "started": "",
        "ended": "",
        "message": "",
        "code": "",
        "provenance": "{}",
    }
    return row, curve
