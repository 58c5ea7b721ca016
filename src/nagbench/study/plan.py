"""A study's expansion into units, with every name resolved.

study ─▶ units (workload × optimizer × stage) ─▶ runs (setting × seed)
"""

from dataclasses import fields
from typing import Any

from nagbench.engine.recipe import Recipe, Training, plain
from nagbench.models.registry import resolve
from nagbench.optimizers.relative_rates import rate_factors
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.model import STAGES, Study, Workload
from nagbench.study.trials import tried
from nagbench.study.unit import Unit
from nagbench.time_below import Targets


def units(study: Study, stage: str | None = None) -> list[Unit]:
    """The units of one stage, or of all; in each stage those first that claims need first."""
    return [
        unit_of(study, name, workload, optimizer)
        for name in ([stage] if stage else STAGES)
        for workload, optimizer in by_need(study)
        if study.trains(name, workload, optimizer.name)
    ]


def by_need(study: Study) -> list[tuple[Workload, OptimizerSpec]]:
    """Each workload with each optimizer that trains there, in the order in which to train them.

    First the pairs that decide claims, in the order of the claims; then the other pairs of
    optimizers that some claim names; then all others. Training that is cut off has then left
    whole what it could decide.
    """
    claims = study.hypotheses.values()
    needed = list(dict.fromkeys(pair for claim in claims for pair in claim.pairs()))
    place = {pair: n for n, pair in enumerate(needed)}
    named = {optimizer for _, optimizer in needed}

    def need(pair: tuple[Workload, OptimizerSpec]) -> tuple[int, bool]:
        workload, optimizer = pair
        among_claims = place.get((workload.name, optimizer.name), len(place))
        return among_claims, optimizer.name not in named

    return sorted(study.pairs(), key=need)


def unit_of(study: Study, stage: str, workload: Workload, optimizer: OptimizerSpec) -> Unit:
    """The unit of a stage, whether the study has it or not."""
    network, options = resolve(workload.model, workload.batch_norm)
    training = {entry.name: getattr(workload, entry.name) for entry in fields(Training)}
    if optimizer.own_schedule:
        training["schedule"] = "constant"
    if stage == "band" and study.band is not None:
        training["epochs"] = study.band.epochs
    base = Recipe(
        **training,
        data=study.data,
        validation_size=study.validation_size,
        network=network,
        network_options=options,
        optimizer=optimizer.reference,
        seed=0,
        judged_on_test=stage == "test",
        closure=optimizer.closure,
        create_graph=optimizer.create_graph,
        matrices=optimizer.matrices,
        divergence_factor=study.divergence.factor,
        divergence_steps=study.divergence.steps,
    )
    return Unit(
        study=study.name,
        stage=stage,
        workload=workload.name,
        optimizer=optimizer.name,
        base=base,
        fixed=plain(optimizer.fixed),
        tuned_on=workload.tuned_on or workload.name,
        **_OF_STAGE[stage](study, workload, optimizer),
    )


def _to_tune(study: Study, workload: Workload, optimizer: OptimizerSpec) -> dict[str, Any]:
    """What a unit has that tunes: trials, and what decides between them."""
    tuning = study.tuning_of(workload)
    settings, halving = tried(tuning, optimizer)
    targets = Targets(workload.targets.low, workload.targets.high)
    return {
        # What is not tuned has one trial: further seeds would decide nothing.
        "seeds": tuning.seeds if optimizer.space else tuning.seeds[:1],
        "trials": tuple(plain(settings)),
        "halving": halving,
        "choices": tuning.choices,
        "few": tuning.runner_up_seeds,
        # Where no setting is chosen for speed, targets decide no run.
        **({"targets": targets} if "speed" in tuning.choices else {}),
    }


def _to_test(study: Study, workload: Workload, optimizer: OptimizerSpec) -> dict[str, Any]:
    """What a unit has that tests: seeds."""
    few = study.tuning_of(workload).runner_up_seeds if optimizer.space else 0
    return {"seeds": study.test_seeds(workload, optimizer.name), "few": few}


def _to_measure(study: Study, _: Workload, __: OptimizerSpec) -> dict[str, Any]:
    """What a unit has that measures a band: what the chosen rate is multiplied by."""
    assert study.band is not None
    factors = rate_factors(study.band.decades, study.band.step)
    return {"seeds": study.band.seeds, "factors": tuple(factors)}


_OF_STAGE = {"tune": _to_tune, "test": _to_test, "band": _to_measure}
