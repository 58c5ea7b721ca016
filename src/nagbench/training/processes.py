"""Trains runs of a unit on all cores of a CPU: one process a core, one run a process at a time.

What a run becomes does not depend on its process: each computes with one thread, from the run's
seed alone.
"""

import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from typing import Self

from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.study import Run, Unit
from nagbench.training.interruption import SIGNALS, Interrupted, Stop
from nagbench.training.store import Store
from nagbench.training.trainer import OneDevice, Report

_POLL = 0.2  # seconds between two looks at whether to stop


class Processes:
    """A pool that lives for as many units as are trained; a context manager."""

    def __init__(self, images: ImageSet, store: Store, stop: Stop, count: int) -> None:
        context = get_context("spawn")
        self._stop, self._asked = stop, context.Event()
        self._pool = ProcessPoolExecutor(
            count, context, _begin, (images, store, stop.end, self._asked, count)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.set()
        self._pool.shutdown(cancel_futures=True)

    def train(self, unit: Unit, runs: Mapping[str, Run], report: Report) -> None:
        waiting: set[Future[None]] = {
            self._pool.submit(_train, unit, key, run) for key, run in runs.items()
        }
        interrupted = False
        while waiting:
            if self._stop.wanted():
                self._asked.set()
            done, waiting = wait(waiting, _POLL, FIRST_COMPLETED)
            for future in done:
                try:
                    future.result()
                except Interrupted:
                    interrupted = True
                except BrokenProcessPool:
                    found = "the system ended a training process, most often for want of memory"
                    raise InputError(unit.name, found, "fewer --lanes") from None
            if done:
                report(len(runs) - len(waiting), 0)
        if interrupted:
            raise Interrupted


_trainer: OneDevice


def _begin(images: ImageSet, store: Store, end: float | None, asked: Event, count: int) -> None:
    global _trainer
    # A terminal and a scheduler signal every process; the parent alone decides, and says so.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    stop = Stop(end=end, asked=asked.is_set)
    _trainer = OneDevice(images, store, stop, "cpu", processes=count)


def _end_with(sentinel: int) -> None:
    """Die with the parent, whose death by SIGKILL nothing else would tell."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _train(unit: Unit, key: str, run: Run) -> None:
    _trainer.train(unit, {key: run}, lambda _done, _epoch: None)
