"""Trains runs in processes of their own: on a CPU one process a core, one run a process at a time.

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
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from typing import Self

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.runner.one_process import OneProcess, Report
from nagbench.runner.stop import SIGNALS, Interrupted, Stop
from nagbench.runner.store import Store
from nagbench.sources import Snapshot

_POLL = 0.2  # seconds between two looks at whether to stop
_TRUSTED = ("torch", "nagbench")  # packages whose optimizers may share a process


class ManyProcesses:
    """A pool that lives for as many units as are trained; a context manager.

    A unit whose optimizer comes from outside has a pool of its own: a class that neither torch nor
    this project brings is arbitrary code, and may change torch for everyone in its process.
    """

    def __init__(
        self,
        images: ImageSet,
        store: Store,
        stop: Stop,
        code: Snapshot,
        count: int,
        device: str = "cpu",
        lanes: int | None = 1,
        strict: bool = False,
    ) -> None:
        """`count` processes, each of which trains `lanes` runs side by side on `device`.

        With None as many as pay. On a GPU there is one process.
        """
        self._context = get_context("spawn")
        self._asked, self._epochs = self._context.Event(), self._context.SimpleQueue()
        self._stop, self._count, self._together = stop, count, lanes != 1
        trainer = (device, code, lanes, count, strict)
        self._arguments = (images, store, stop.end, self._asked, self._epochs, trainer)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def train(self, recipes: Mapping[str, Recipe], report: Report, epochs: int) -> None:
        if any(comes_from_outside(recipe.optimizer) for recipe in recipes.values()):
            with self._new_pool() as pool:
                self._train(pool, recipes, report, epochs)
            return
        self._pool = self._pool or self._new_pool()
        self._train(self._pool, recipes, report, epochs)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, self._context, _begin, self._arguments)

    def _train(
        self,
        pool: ProcessPoolExecutor,
        recipes: Mapping[str, Recipe],
        report: Report,
        epochs: int,
    ) -> None:
        groups = [recipes] if self._together else [{key: r} for key, r in recipes.items()]
        waiting: set[Future[None]] = {pool.submit(_train, dict(one), epochs) for one in groups}
        interrupted = False
        while waiting:
            if self._stop.wanted():
                self._asked.set()
            ended, waiting = wait(waiting, _POLL, FIRST_COMPLETED)
            for future in ended:
                try:
                    future.result()
                except Interrupted:
                    interrupted = True
                except BrokenProcessPool:
                    found = (
                        "a training process ended: by the system, most often for want of memory, "
                        "or by its optimizer"
                    )
                    allowed = "fewer --lanes, or an optimizer that returns from its step"
                    raise InputError("training", found, allowed) from None
            while not self._epochs.empty():
                report(*self._epochs.get())
        if interrupted:
            raise Interrupted


def comes_from_outside(reference: str) -> bool:
    """Whether an optimizer's class is neither torch's nor this project's."""
    module = reference.rpartition(":")[0]
    return module.endswith(".py") or module.partition(".")[0] not in _TRUSTED


_trainer: OneProcess
_epochs: "SimpleQueue[tuple[str, int, bool]]"


def _begin(
    images: ImageSet,
    store: Store,
    end: float | None,
    asked: Event,
    epochs: "SimpleQueue[tuple[str, int, bool]]",
    trainer: tuple[str, Snapshot, int | None, int, bool],
) -> None:
    global _trainer, _epochs
    _epochs = epochs
    live_with_parent()
    stop = Stop(end=end, asked=asked.is_set)
    _trainer = OneProcess(images, store, stop, *trainer)


def live_with_parent() -> None:
    """Leave signals to the parent, and die with it.

    A terminal and a scheduler signal every process; the parent alone decides, and says so.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """The parent's death by SIGKILL nothing else would tell of."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _train(recipes: Mapping[str, Recipe], epochs: int) -> None:
    _trainer.train(recipes, lambda *said: _epochs.put(said), epochs)
