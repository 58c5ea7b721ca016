"""What must fit together in a study's stages: seeds apart, rungs in order, names that exist."""

from collections.abc import Collection, Iterator

from nagbench.metrics import METRICS
from nagbench.optimizers.search_space import rate_of
from nagbench.study.model import Tuning
from nagbench.study.parts import Parts
from nagbench.study.wording import Place, Problem, listed, no_such, shown


def check_stages(parts: Parts) -> Iterator[Problem]:
    """All that does not fit together in tuning, testing and the measuring of bands."""
    yield from _check_seeds(parts)
    yield from _check_tuning(parts)
    yield from _check_grid(parts)
    yield from _check_band(parts)
    yield from _check_measured(parts)


def _check_seeds(parts: Parts) -> Iterator[Problem]:
    """No seed that decides a setting judges it."""
    tuning = {seed for _, one in _tunings(parts) for seed in one.seeds}
    testing, band = parts.fields.get("testing"), parts.fields.get("band")
    judging: list[tuple[Place, Collection[int]]] = [
        (("workloads", name, "seeds"), workload.seeds)
        for name, workload in parts.of("workloads").items()
        if workload.seeds is not None
    ]
    if testing is not None:
        judging.append((("testing", "seeds"), testing.seeds))
        for name, seeds in testing.further.items():
            place: Place = ("testing", "further", name)
            known = parts.names.get("optimizers")
            if known is not None and name not in known:
                yield no_such(place, name, known)
            yield from _shared(place, seeds, testing.seeds, "all", "seeds beside those of all")
            judging.append((place, seeds))
    if band is not None:
        judging.append((("band", "seeds"), band.seeds))
    for place, seeds in judging:
        yield from _shared(place, seeds, tuning, "tuning", "seeds that tuning never saw")


def _shared(
    place: Place, seeds: Collection[int], others: Collection[int], use: str, allowed: str
) -> Iterator[Problem]:
    if shared := sorted(set(seeds).intersection(others)):
        some = ", ".join(map(str, shared[:5])) + (", …" if len(shared) > 5 else "")
        yield place, f"seeds also used for {use}: {some}", allowed


def _tunings(parts: Parts) -> Iterator[tuple[Place, Tuning]]:
    """Every way of tuning in the file, with its place."""
    if "tuning" in parts.fields:
        yield ("tuning",), parts.fields["tuning"]
    for name, workload in parts.of("workloads").items():
        if workload.tuning is not None:
            yield ("workloads", name, "tuning"), workload.tuning


def _check_tuning(parts: Parts) -> Iterator[Problem]:
    """Each rung lies after the one before, keeps fewer, and before the end of every workload."""
    for where, tuning in _tunings(parts):
        before, left = 0, tuning.points + 1
        for n, rung in enumerate(tuning.rungs):
            place: Place = (*where, "rungs", n)
            if rung.epochs <= before:
                yield (*place, "epochs"), f"found {rung.epochs}", f"more than {before}"
            if rung.keep >= left:
                yield (*place, "keep"), f"found {rung.keep}", f"fewer than {left}"
            before, left = rung.epochs, rung.keep
    for name, workload in parts.of("workloads").items():
        used = workload.tuning or parts.fields.get("tuning")
        last = used.rungs[-1].epochs if used is not None and used.rungs else 0
        if workload.tuned_on is not None:
            yield from _check_tuned_on(name, workload.tuned_on, parts)
        elif workload.epochs <= last:
            found = f"found {workload.epochs}, where a rung of tuning is at {last}"
            yield ("workloads", name, "epochs"), found, f"more than {last}"


def _check_tuned_on(name: str, other: str, parts: Parts) -> Iterator[Problem]:
    """The settings come from a workload that chooses them itself, for all that train here."""
    place: Place = ("workloads", name, "tuned_on")
    names = parts.names.get("workloads", ())
    if other not in names:
        yield no_such(place, other, names)
        return
    source = parts.of("workloads").get(other)
    if source is not None and source.tuned_on is not None:
        found = f"{shown(other)}, whose settings are chosen on {shown(source.tuned_on)}"
        yield place, found, "a workload that tunes"
    here, there = parts.competitors(name), parts.competitors(other)
    missing = [one for one in here or () if there is not None and one not in there]
    if missing:
        yield place, f"{listed(missing)} not among those of {shown(other)}", listed(there or ())


def _check_band(parts: Parts) -> Iterator[Problem]:
    """Bands are measured of what trains, and has a rate."""
    band = parts.fields.get("band")
    if band is None:
        return
    for key, wanted in (("workloads", band.workloads), ("optimizers", band.optimizers)):
        known = parts.names.get(key)
        for n, name in enumerate(wanted or ()):
            if known is not None and name not in known:
                yield no_such(("band", key, n), name, known)
    for name, optimizer in parts.optimizers.items():
        if (band.optimizers is None or name in band.optimizers) and "lr" not in optimizer.defaults:
            found = f"{name}, which has no learning rate `lr`"
            yield ("band", "optimizers"), found, "optimizers with one"


def _check_measured(parts: Parts) -> Iterator[Problem]:
    """A claim about bands is of arms whose bands are measured; a pilot's claims decide nothing."""
    band = parts.fields.get("band")
    for name, claim in parts.of("hypotheses").items():
        if claim.metric not in METRICS or claim.measured.stage != "band":
            continue
        if parts.fields.get("pilot"):
            continue
        place: Place = ("hypotheses", name, "metric")
        if band is None:
            yield place, f"found {claim.metric} in a study without `band`", "a section `band`"
            continue
        for workload, optimizer in claim.pairs():
            outside = band.workloads is not None and workload not in band.workloads
            if outside or (band.optimizers is not None and optimizer not in band.optimizers):
                found = f"{optimizer} on {workload}, whose band is not measured"
                yield place, found, "those of the section `band`"


def _check_grid(parts: Parts) -> Iterator[Problem]:
    if "tuning" in parts.fields and parts.fields["tuning"].search == "grid":
        for name, optimizer in parts.optimizers.items():
            if optimizer.space and rate_of(optimizer.space) is None:
                found = "a space without `lr`, which the grid search varies"
                yield ("optimizers", name, "space"), found, "an interval for `lr`"
