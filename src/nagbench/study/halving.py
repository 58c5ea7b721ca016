"""Successive halving: which trials of a tune unit train, with which seeds, and how far.

All trials of the space begin with one seed. At each rung the better part goes on and the others
stay where they are; the last part trains to the end, beside the trials that enter no rung, such as
the published default. If the best of all lies near a border of the space, the space grows there,
once, and the halving is done again over what it now holds. Last, the best train with further seeds.

Everything follows from the records so far, so what is trained can be told again from what was.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

Score = tuple[float, float]  # accuracy and loss on validation data
_BEST = (1.0, 0.0)
# By trial and seed: the score after each whole epoch from 0 on. A run that broke off goes on to the
# last epoch with the score of chance.
Scores = Mapping[tuple[int, int], Sequence[Score]]


@dataclass(frozen=True)
class Rung:
    """A place at which trials are compared.

    Attributes:
        epochs: Epochs that they have trained there.
        keep: How many of them go on, the best.
    """

    epochs: int
    keep: int


@dataclass(frozen=True)
class Strip:
    """What the space gains where it grows.

    Attributes:
        border: The coordinate and the end, such as `lr high`.
        near: Trials within one spacing of that border.
        trials: Those of the new part; none if the space cannot grow there.
        outer: Of these, the ones within one spacing of the new border.
    """

    border: str
    near: tuple[int, ...]
    trials: tuple[int, ...] = ()
    outer: tuple[int, ...] = ()


@dataclass(frozen=True)
class Halving:
    """How the trials of a unit are thinned out; trials are counted as the unit counts them.

    Attributes:
        space: Trials that enter the first rung.
        beside: Trials that enter none and train to the end.
        rungs: By rising epochs.
        strips: Where the space may grow.
        finalists: How many of the best train with every seed.
    """

    space: tuple[int, ...]
    beside: tuple[int, ...] = ()
    rungs: tuple[Rung, ...] = ()
    strips: tuple[Strip, ...] = ()
    finalists: int = 1

    def definition(self) -> dict[str, Any]:
        """As plain data; `plain_data.made` makes it again."""
        return asdict(self)


@dataclass(frozen=True)
class Progress:
    """What a halving wants of its trials, given their scores so far.

    Attributes:
        epochs: By trial and seed, the epochs that it has to train; it grows with the scores.
        decided: Whether all of them have trained so far, and nothing more will be wanted.
        best: Of a decided one, the trials that trained with every seed, the best one first by the
            mean over seeds.
        grown: Borders at which the space grew.
        edge: Borders of the space, as it is then, near which the best lies.
    """

    epochs: Mapping[tuple[int, int], int]
    decided: bool = False
    best: tuple[int, ...] = ()
    grown: tuple[str, ...] = ()
    edge: tuple[str, ...] = ()


def progress(halving: Halving, seeds: Sequence[int], epochs: int, scores: Scores) -> Progress:
    """How far the halving is.

    Args:
        halving: The rules.
        seeds: The first trains every trial; the others the finalists.
        epochs: Of a whole run.
        scores: Of what has trained.
    """
    first, *further = seeds
    wanted: dict[tuple[int, int], int] = {}

    def score(trial: int, seed: int, epoch: int) -> Score | None:
        """The score there, and if it is not known yet None; the trial is wanted so far."""
        pair = trial, seed
        wanted[pair] = max(epoch, wanted.get(pair, 0))
        known = scores.get(pair, ())
        return known[epoch] if len(known) > epoch else None

    def ranked(trials: Iterable[int], epoch: int) -> list[int] | None:
        """The trials after so many epochs with the first seed, the best first."""
        found = {trial: score(trial, first, epoch) for trial in trials}
        known = {trial: entry for trial, entry in found.items() if entry is not None}
        if len(known) < len(found):
            return None
        return sorted(known, key=lambda trial: _order([known[trial]], trial))

    def thinned(trials: Sequence[int]) -> list[int] | None:
        """Those of the space that train to the end, and those beside, the best first."""
        left: Sequence[int] | None = trials
        for rung in halving.rungs:
            if left is not None and len(left) > rung.keep:
                order = ranked(left, rung.epochs)
                left = None if order is None else order[: rung.keep]
        whole = ranked([*(left or ()), *halving.beside], epochs)  # those beside wait for nothing
        return None if left is None else whole

    last = thinned(halving.space)
    if last is None:
        return Progress(wanted)
    grown = [strip for strip in halving.strips if last[0] in strip.near and strip.trials]
    if grown:
        last = thinned([*halving.space, *(trial for strip in grown for trial in strip.trials)])
        if last is None:
            return Progress(wanted)
    finalists = last[: halving.finalists]
    means = {}
    for trial in finalists:
        found = [score(trial, seed, epochs) for seed in (first, *further)]
        known = [entry for entry in found if entry is not None]
        if len(known) == len(found):
            means[trial] = known
    if len(means) < len(finalists):
        return Progress(wanted)
    best = tuple(sorted(means, key=lambda trial: _order(means[trial], trial)))
    at_edge = [
        strip.border
        for strip in halving.strips
        if best[0] in (strip.outer if strip in grown else strip.near)
    ]
    borders = tuple(strip.border for strip in grown)
    return Progress(wanted, True, best, borders, tuple(at_edge))


def planned(
    halving: Halving, seeds: Sequence[int], epochs: int, scores: Scores | None = None
) -> Mapping[tuple[int, int], int]:
    """The epochs of each trial and seed in the end, if the space does not grow any further.

    Trials whose scores are not known yet are taken to be the best, and to go on.
    """
    known = dict(scores or {})
    wanted = progress(halving, seeds, epochs, known).epochs
    grown = [n for strip in halving.strips for n in strip.trials if (n, seeds[0]) in wanted]
    fixed = replace(halving, space=(*halving.space, *grown), strips=())
    while not (found := progress(fixed, seeds, epochs, known)).decided:
        for pair, far in found.epochs.items():
            have = known.get(pair, ())
            known[pair] = [*have, *[_BEST] * (far + 1 - len(have))]
    return {pair: max(far, wanted.get(pair, 0)) for pair, far in {**wanted, **found.epochs}.items()}


def _order(scores: Sequence[Score], trial: int) -> tuple[float, float, int]:
    """Sorts by mean accuracy, then by mean loss, then by number."""
    accuracy = math.fsum(score[0] for score in scores) / len(scores)
    loss = math.fsum(score[1] for score in scores) / len(scores)
    return -accuracy, loss, trial
