"""The plans of the epochs to come: made ahead in threads beside a GPU, in time on a busy CPU."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from nagbench.engine.run import LiveRun

_THREADS = 4


class PlansAhead:
    """Hands each run the plan of its next epoch."""

    def __init__(self, device: torch.device) -> None:
        self._ahead: dict[LiveRun, Future[list[Tensor]]] = {}
        self._threads = ThreadPoolExecutor(_THREADS) if device.type != "cpu" else None

    def take(self, run: LiveRun) -> list[Tensor]:
        """The plan of the run's next epoch, on the CPU."""
        ahead = self._ahead.pop(run, None)
        return ahead.result() if ahead else run.plan(run.epoch + 1)

    def prepare(self, runs: Sequence[LiveRun]) -> None:
        """Begin to make the plans of the epoch after the one that `runs` are about to train."""
        if self._threads is None:
            return
        for run in runs:
            if run.epoch + 1 < run.last_epoch:
                self._ahead[run] = self._threads.submit(run.plan, run.epoch + 2)
