"""All ways to train a workload side by side, in turns, until each has had its rounds.

Every contestant lives in processes of its own and waits while others work, so all meet the same
machine, and a slow minute of it falls on all.
"""

import contextlib
import os
import resource
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from nagbench.benchmark.ceilings import Floor, matrix_ceiling, memory_ceiling, traffic
from nagbench.benchmark.contestants import Careful, Engine, Plain
from nagbench.benchmark.progress import Progress
from nagbench.data.cifar10 import SET
from nagbench.engine import numerics
from nagbench.engine.clock import now
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.models.size import flops
from nagbench.runner.devices import cores

TRAINING_IMAGES = 45_000  # of an epoch, for runs per hour
LANES = (1, 2, 4, 8, 16, 32)
_SHORTEST, _FEWEST = 0.2, 3  # seconds of a turn, and rounds, whatever time is left


@dataclass(frozen=True)
class Row:
    """A contestant's result: images a second summed over its runs, one value a round."""

    name: str
    runs: int
    rates: tuple[float, ...]
    bytes: int  # at the peak: of the processes on a CPU, of tensors on a GPU

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


@dataclass(frozen=True)
class Result:
    """What a tournament found on one workload, a network of the registry."""

    workload: str
    recipe: Recipe
    rows: list[Row]
    matrix: float
    memory: float
    traffic: int  # bytes a step

    def table(self) -> list[dict[str, Any]]:
        """One row a contestant, in plain numbers."""
        arithmetic = flops(self.workload, SET.inputs, SET.classes, training=True)
        base = {row.name: row.rate for row in self.rows}
        run = TRAINING_IMAGES * self.recipe.epochs
        return [
            {
                "workload": self.workload,
                "precision": "float32" if row.name == "plain" else self.recipe.precision,
                "way": row.name,
                "runs": row.runs,
                "rounds": len(row.rates),
                "images_per_second": row.rate,
                "lowest": min(row.rates),
                "highest": max(row.rates),
                "over_plain": row.rate / base["plain"],
                "over_careful": row.rate / base["careful"],
                "runs_per_hour": 3600 * row.rate / run,
                "seconds_per_1000_runs": 1000 * run / row.rate,
                "share_of_matrix": row.rate * arithmetic / self.matrix,
                "share_of_memory": row.rate * self.traffic / self.recipe.batch_size / self.memory,
                "megabytes": row.bytes / 1e6,
            }
            for row in self.rows
        ]


def ways(device: str) -> list[str]:
    """The names of all that compete on this machine, with the number of runs."""
    lanes = [n for n in LANES if device != "cpu" or n <= cores()]
    names = ["plain", "careful", *(f"engine {n}" for n in lanes)]
    return names + [f"convolutions {n}" for n in lanes] if device == "cpu" else names


def compete(
    workload: str, recipe: Recipe, device: str, rounds: int, until: float, progress: Progress
) -> Result:
    """Let all contestants train `recipe` in turns, whose length follows from the time there is.

    Args:
        workload: A network of the registry.
        recipe: What is trained.
        device: Where.
        rounds: How many turns each has; fewer, but three at least, where time runs out.
        until: When to be done, by `time.perf_counter`.
        progress: Is told what is under way.
    """
    place = torch.device(device)
    progress(f"{workload} {recipe.precision}: processes start")
    with contextlib.ExitStack() as stack:
        begun = {name: stack.enter_context(_team(name, recipe, device)) for name in ways(device)}
        teams = {name: team for name, team in begun.items() if team.fits()}
        torch.set_num_threads(cores())
        matrix, memory = matrix_ceiling(recipe.precision, place), memory_ceiling(place)
        left = until - time.perf_counter()
        seconds = max(_SHORTEST, left / len(teams) / (rounds + 1))
        rates: dict[str, list[float]] = {name: [] for name in teams}
        for turn in range(rounds + 1):
            began = time.perf_counter()
            for name, team in teams.items():
                progress(f"{workload} {recipe.precision}: turn {turn} of {rounds}, {name}")
                rate = team.work(seconds)
                if turn:  # the one before warms up, and finds how many steps a turn has
                    rates[name].append(rate)
            ended = time.perf_counter()
            if turn >= _FEWEST and ended + (ended - began) > until:
                break
        rows = [
            Row(name, team.runs, tuple(rates[name]), team.peak()) for name, team in teams.items()
        ]
        moved = teams["engine 1"].traffic()
    return Result(workload, recipe, rows, matrix, memory, moved)


class _Team:
    """The processes of one contestant."""

    def __init__(self, connections: list[Connection], runs: int, batch: int) -> None:
        self._connections, self.runs, self._batch = connections, runs, batch
        self._steps = 3

    def fits(self) -> bool:
        """Whether all have found their place in memory, once they have started."""
        return set(self._answers()) == {"ready"}

    def _answers(self) -> list[Any]:
        try:
            return [connection.recv() for connection in self._connections]
        except EOFError:
            found = "a process of the benchmark ended"
            raise InputError("nagbench bench", found, "see its message above") from None

    def _ask(self, *question: Any) -> list[Any]:
        for connection in self._connections:
            connection.send(question)
        return self._answers()

    def work(self, seconds: float) -> float:
        """Images a second in a turn, summed over the runs."""
        began = time.perf_counter()
        self._ask("steps", self._steps)
        taken = time.perf_counter() - began
        rate = self.runs * self._steps * self._batch / taken
        self._steps = max(3, round(self._steps * seconds / taken))
        return rate

    def peak(self) -> int:
        return sum(self._ask("peak"))

    def traffic(self) -> int:
        return int(self._ask("traffic")[0])


@contextlib.contextmanager
def _team(name: str, recipe: Recipe, device: str) -> Iterator[_Team]:
    way, _, number = name.partition(" ")
    runs = int(number or 1)
    processes = runs if device == "cpu" else 1
    context = get_context("spawn")
    members = []
    for _ in range(processes):
        here, there = context.Pipe()
        lanes = runs // processes
        process = context.Process(target=_member, args=(there, way, recipe, device, lanes))
        process.start()
        there.close()
        members.append((process, here))
    try:
        yield _Team([here for _, here in members], runs, recipe.batch_size)
    finally:
        for process, here in members:
            here.close()  # which ends it
            process.join()


def _member(there: Connection, way: str, recipe: Recipe, name: str, lanes: int) -> None:
    device = torch.device(name)
    if way in ("plain", "careful"):
        torch.set_num_threads(cores())
    else:
        numerics.establish(device)
    try:
        contestant = _contestant(way, recipe, device, lanes)
    except torch.OutOfMemoryError:
        there.send("does not fit")
        return
    there.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            question, *arguments = there.recv()
            if question == "steps":
                for _ in range(arguments[0]):
                    contestant.step()
                there.send(now(device))
            elif question == "peak":
                there.send(_peak(device))
            else:
                there.send(traffic(contestant.runs[0]))


def _contestant(way: str, recipe: Recipe, device: torch.device, lanes: int) -> Any:
    if way == "plain":
        return Plain(recipe, device)
    if way == "careful":
        return Careful(recipe, device)
    engine = Engine(recipe, device, lanes)
    return Floor(engine.runs[0]) if way == "convolutions" else engine


def _peak(device: torch.device) -> int:
    """Bytes held at the peak, by this process and those that it started."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return sum(_resident_peak(process) for process in _family(os.getpid()))


def _family(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children")
    children = [int(word) for word in listed.read_text().split()] if listed.exists() else []
    return [process, *(member for child in children for member in _family(child))]


def _resident_peak(process: int) -> int:
    status = Path(f"/proc/{process}/status")
    if not status.exists():  # on macOS, where the processes that it started are not counted
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = status.read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return 1024 * int(kilobytes)
