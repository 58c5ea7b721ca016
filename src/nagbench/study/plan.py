"""A study's expansion into units, with every name resolved.

study ─▶ units (workload × optimizer × stage) ─▶ runs (setting × seed)
"""

from dataclasses import fields
from typing import Any

from nagbench.engine.recipe import Recipe, Training, plain
from nagbench.models.registry import resolve
from nagbench.optimizers.search_space import trials
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.model import STAGES, Study, Workload
from nagbench.study.unit import Unit


def units(study: Study, stage: str | None = None) -> list[Unit]:
    """The units of one stage, or of both in the order of their work."""
    return [
        _unit(study, name, workload, study.optimizers[optimizer])
        for name in ([stage] if stage else STAGES)
        for workload in study.workloads.values()
        for optimizer in study.optimizers_of(workload.name)
    ]


def _unit(study: Study, stage: str, workload: Workload, optimizer: OptimizerSpec) -> Unit:
    network, options = resolve(workload.model, workload.batch_norm)
    testing = stage == "test"
    training = {entry.name: getattr(workload, entry.name) for entry in fields(Training)}
    if optimizer.own_schedule:
        training["schedule"] = "constant"
    base = Recipe(
        **training,
        data=study.data,
        validation_size=study.validation_size,
        network=network,
        network_options=options,
        optimizer=optimizer.reference,
        seed=0,
        judged_on_test=testing,
        closure=optimizer.closure,
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
        trials=() if testing else tuple(plain(tried(study, optimizer))),
        seeds=study.testing.seeds if testing else study.tuning.seeds,
    )


def tried(study: Study, optimizer: OptimizerSpec) -> list[dict[str, Any]]:
    """The settings that tuning tries: the defaults alone where the space is empty."""
    if not optimizer.space:
        return [dict(optimizer.defaults)]
    tuning = study.tuning
    return trials(
        optimizer.space, optimizer.defaults, tuning.trials, tuning.search, tuning.seeds[0]
    )
