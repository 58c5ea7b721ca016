"""Trains runs side by side on one device, epoch by epoch, each to its own end."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from nagbench.study import Run, Unit
from nagbench.training.capture import Unfit
from nagbench.training.checkpoint import Checkpoint
from nagbench.training.clock import now
from nagbench.training.execution import Eager, Execution, execution_for
from nagbench.training.interruption import Interrupted, Stop
from nagbench.training.run import RunInTraining
from nagbench.training.splits import Splits

Finish = Callable[[RunInTraining, str], None]
_PLANNERS = 4  # threads that make the next epoch's plans while a GPU trains this one


def train_together(
    runs: Sequence[tuple[Run, Checkpoint]],
    unit: Unit,
    splits: Splits,
    device: torch.device,
    finish: Finish,
    stop: Stop,
    after_epoch: Callable[[int], None] = lambda _: None,
    execution: Execution | None = None,
) -> None:
    """Train `runs` to their ends and hand each to `finish`, with how it was executed.

    When `stop` is wanted all leave a checkpoint and it raises `Interrupted`; an interrupted run
    ends as one that was not.
    """

    def begin(wanted: Sequence[tuple[Run, Checkpoint]]) -> list[RunInTraining]:
        return [RunInTraining(run, unit, splits, device, kept) for run, kept in wanted]

    live = begin(runs)
    execution = execution or execution_for(live, device)
    plans = _Plans(device)
    live = _finished(live, execution, finish)
    while live:
        began = now(device)
        for run in live:
            run.begin_epoch(plans.take(run))
        plans.prepare(live)
        try:
            execution.train_epoch(live)
        except Unfit as why:
            # Some have taken steps: back to where all were last known to be.
            execution, plans = Eager(str(why)), _Plans(device)
            live = begin([(run.run, run.checkpoint) for run in live])
            continue
        seconds = now(device) - began
        for run in live:
            run.end_epoch(seconds / len(live))
        after_epoch(live[0].epoch)
        live = _finished(live, execution, finish)
        stopping = bool(live) and stop.wanted(now(device) - began)
        for run in live:
            if stopping or run.checkpoint.due():
                run.save()
        if stopping:
            raise Interrupted


def _finished(
    runs: list[RunInTraining], execution: Execution, finish: Finish
) -> list[RunInTraining]:
    """Hand over those that are over and return the others."""
    for run in runs:
        if run.over:
            finish(run, execution.description)
            run.checkpoint.remove()
    return [run for run in runs if not run.over]


class _Plans:
    """The tables of the epochs to come: made ahead beside a GPU, in time on a busy CPU."""

    def __init__(self, device: torch.device) -> None:
        self._ahead: dict[RunInTraining, Future[list[torch.Tensor]]] = {}
        self._threads = ThreadPoolExecutor(_PLANNERS) if device.type != "cpu" else None

    def take(self, run: RunInTraining) -> list[torch.Tensor]:
        ahead = self._ahead.pop(run, None)
        return ahead.result() if ahead else run.lane.plan_tables(run.epoch + 1)

    def prepare(self, runs: Sequence[RunInTraining]) -> None:
        """Begin to make the plans of the epoch after the one that `runs` are about to train."""
        if self._threads is None:
            return
        for run in runs:
            if run.epoch + 1 < run.unit.workload.epochs:
                self._ahead[run] = self._threads.submit(run.lane.plan_tables, run.epoch + 2)
