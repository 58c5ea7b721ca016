"""Processes that compute as runs do while one is timed: cores share memory, and slow each other."""

import multiprocessing.connection
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import torch

from nagbench.engine import numerics
from nagbench.engine.loop import step
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.runner.many_processes import live_with_parent
from nagbench.runner.noise import descent_on_noise


@contextmanager
def neighbours(recipes: Sequence[Recipe], count: int) -> Iterator[Sequence[BaseProcess]]:
    """So many processes on this CPU, each of which trains the recipes' networks in turns."""
    context = get_context("spawn")
    started, working = [], []
    try:
        for _ in range(count):
            receiver, sender = context.Pipe(duplex=False)
            one = context.Process(target=_work, args=(recipes, sender), daemon=True)
            one.start()
            started.append(one)
            working.append(receiver)
        for one, receiver in zip(started, working, strict=True):
            multiprocessing.connection.wait([receiver, one.sentinel])
            if not receiver.poll():
                raise InputError(
                    "timing",
                    "a process that computes beside what is timed ended",
                    "memory for as many runs as there are cores",
                )
        yield started
    finally:
        for one in started:
            one.kill()
            one.join()


def _work(recipes: Sequence[Recipe], working: Connection) -> None:
    live_with_parent()
    device = torch.device("cpu")
    numerics.establish(device)
    runs = [descent_on_noise(recipe, device) for recipe in recipes]
    for turn, run in enumerate(cycle(runs)):
        run.rewind()
        step(run)
        if turn == len(runs):
            working.send(None)
