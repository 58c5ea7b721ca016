"""What must fit together in a study file: names that exist, settings in range, seeds apart.

Each check looks at what is valid by itself, and is silent where something that it needs is not.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.metrics import METRICS
from nagbench.models.registry import check_batch_norm
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.search_space import Domain, coordinate
from nagbench.optimizers.setting_bounds import check_setting
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.model import ALL_WORKLOADS, DIRECTED, DIRECTIONS, Hypothesis, Workload
from nagbench.study.parts import Parts
from nagbench.study.sections import OptimizerSection
from nagbench.study.stage_checks import check_stages
from nagbench.study.wording import Place, Problem, listed, no_such, perhaps, shown

MAX_RUNS = 1_000_000
_NEEDS = ("closure", "create_graph", "matrices", "late", "own_schedule")


def row(key: str, section: OptimizerSection) -> tuple[OptimizerSpec | None, list[Problem]]:
    """An optimizer as the study wants it: the catalogue's row with the study's changes.

    Returns:
        The row, or None where problems leave none; and the problems, as seen from the section.
    """
    base = CATALOGUE.get(section.based_on or key)
    if section.reference is not None and section.based_on is not None:
        return None, [(("based_on",), "both it and a reference", "one of them")]
    if section.reference is not None:
        absent = [name for name in ("settings", "space") if getattr(section, name) is None]
        if absent:
            allowed = "`settings` (its defaults) and `space`"
            found = f"a class of your own without {' and '.join(absent)}"
            return None, [((), found, allowed)]
        base = OptimizerSpec(
            name=key,
            label=key,
            reference=section.reference,
            family="yours",
            citation="",
            defaults={},
            space={},
        )
    elif base is None:
        name, where = (key, ()) if section.based_on is None else (section.based_on, ("based_on",))
        found = f"no optimizer {shown(name)} in the catalogue{perhaps(name, CATALOGUE)}"
        allowed = f"{', '.join(CATALOGUE)}; or a class of yours under `reference`"
        return None, [(where, found, allowed)]
    problems: list[Problem] = []
    defaults = dict(base.defaults)
    for name, value in (section.settings or {}).items():
        place: Place = ("settings", name)
        if section.reference is None and name not in defaults:
            problems.append(_unknown(place, name, defaults))
            continue
        taken = _like(base.defaults.get(name), value)
        problems += _wrong_setting(place, name, taken, base.defaults.get(name))
        defaults[name] = taken
    space = dict(base.space) if section.space is None else dict(section.space)
    for axis, domain in (section.space or {}).items():
        problems += _wrong_axis(("space", axis), axis, domain, defaults)
    changed = {name: getattr(section, name) for name in ("label", "citation", *_NEEDS)}
    changed = {name: value for name, value in changed.items() if value is not None}
    return replace(base, name=key, defaults=defaults, space=space, **changed), problems


def _wrong_axis(
    place: Place, name: str, domain: Domain, defaults: Mapping[str, Any]
) -> Iterator[Problem]:
    """A coordinate that names no number among the settings, or an impossible interval."""
    try:
        axis = coordinate(name)
    except InputError as error:
        yield place, error.found, error.allowed
        return
    for setting in (axis.setting, *([axis.momentum] if axis.momentum else [])):
        if setting not in defaults:
            yield _unknown(place, setting, defaults)
            return
        value = defaults[setting]
        if axis.entry is not None and isinstance(value, list | tuple):
            if axis.entry >= len(value):
                yield place, f"found entry {axis.entry} of {shown(value)}", "an entry that it has"
                return
            value = value[axis.entry]
        elif axis.entry is not None:
            yield place, f"an entry of what is {shown(value)}", "entries of lists"
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield place, f"an interval for what is {shown(value)}", "intervals for numbers"
            return
    if problem := domain.problem():
        yield place, problem, "low below high, within the scale's range"
    elif axis.momentum is None and axis.entry is None:
        yield from _refused(place, check_setting, name, [domain.low, domain.high])


def across(parts: Parts) -> Iterator[Problem]:
    """All that does not fit together."""
    yield from check_stages(parts)
    yield from _check_baseline(parts)
    yield from _check_size(parts)
    for name, workload in parts.of("workloads").items():
        place = ("workloads", name)
        if name == ALL_WORKLOADS:
            yield place, "the word for all workloads in the result tables", "another name"
        yield from _refused(
            (*place, "batch_norm"), check_batch_norm, workload.model, workload.batch_norm
        )
        yield from _check_competitors((*place, "optimizers"), workload, parts)
        if workload.targets.low > workload.targets.high:
            found = f"found {workload.targets.low:g}"
            yield (
                (*place, "targets", "low"),
                found,
                f"at most {workload.targets.high:g}, the highest",
            )
    yield from _check_against_data(parts)
    for name, hypothesis in parts.of("hypotheses").items():
        yield from _check_hypothesis(("hypotheses", name), hypothesis, parts)
    yield from _check_twice(parts)


def _check_baseline(parts: Parts) -> Iterator[Problem]:
    if "baseline" in parts.fields and "optimizers" in parts.names:
        baseline, known = parts.fields["baseline"], parts.names["optimizers"]
        if baseline not in known:
            yield no_such(("baseline",), baseline, known)


def _check_size(parts: Parts) -> Iterator[Problem]:
    """Refuse a study that nobody could train or even list."""
    if "tuning" in parts.fields and "testing" in parts.fields:
        tuning, testing = parts.fields["tuning"], parts.fields["testing"]
        late = any(optimizer.late for optimizer in parts.optimizers.values())
        tried = max(tuning.points, tuning.late * late) + tuning.default
        of_one = tried + min(tuning.finalists, tried) * (len(tuning.seeds) - 1)
        of_one += len(tuning.choices) * len(testing.seeds)
        pairs = sum(len(parts.competitors(name) or ()) for name in parts.of("workloads"))
        if pairs * of_one > MAX_RUNS:
            found = f"{pairs * of_one:,} runs ({of_one:,} of each optimizer on each workload)"
            yield (), found, f"at most {MAX_RUNS:,}"


def _check_competitors(place: Place, workload: Workload, parts: Parts) -> Iterator[Problem]:
    known = parts.names.get("optimizers")
    if workload.optimizers is None or known is None:
        return
    for n, name in enumerate(workload.optimizers):
        if name not in known:
            yield no_such((*place, n), name, known)
    baseline = parts.fields.get("baseline")
    missing = baseline in known and baseline not in workload.optimizers
    if len(workload.optimizers) < 2 or missing:
        found = f"found {listed(workload.optimizers)}"
        named = f"the baseline {baseline}" if baseline in known else "the baseline"
        yield place, found, f"{named} and at least one more"


def _check_against_data(parts: Parts) -> Iterator[Problem]:
    """Refuse more images than there are, and shifts and squares larger than an image."""
    if "data" not in parts.fields:
        return
    data = data_set(parts.fields["data"])
    held_out = parts.fields.get("validation_size", 0)
    left = data.train - held_out
    if left <= 0:
        yield ("validation_size",), f"found {held_out}", f"fewer than the {data.train} there are"
    for name, workload in parts.of("workloads").items():
        place = ("workloads", name)
        size = workload.train_size or left
        if size > left > 0:
            found = f"found {size} images, but {left} are left after validation"
            yield (*place, "train_size"), found, f"at most {left}"
        elif workload.batch_size > size > 0:
            found = f"found {workload.batch_size} images, but there are {size} to train on"
            yield (*place, "batch_size"), found, f"at most {size}"
        side = min(data.height, data.width)
        for key in ("padding", "cutout"):
            if getattr(workload, key) > side:
                found = f"found {getattr(workload, key)}"
                yield (*place, key), found, f"at most {side} pixels, an image's side"


def _check_hypothesis(place: Place, claim: Hypothesis, parts: Parts) -> Iterator[Problem]:
    directed = claim.statement in DIRECTED
    if directed and not claim.direction:
        yield (*place, "direction"), "found none", listed(DIRECTIONS)
    elif claim.direction and not directed:
        found = f"found {shown(claim.direction)} of a claim of {claim.statement}"
        yield (*place, "direction"), found, "nothing"
    if claim.statement in ("equivalence", "at_most") and not claim.margin:
        yield (*place, "margin"), "found none", "a number above 0, to be within"
    yield from _check_bounds(place, claim)
    if (claim.statement == "events") != claim.measured.event:
        found = f"found {claim.metric} of a claim of {claim.statement}"
        events = [name for name, metric in METRICS.items() if metric.event]
        allowed = f"of events one of {listed(events)}, of other claims another"
        yield (*place, "metric"), found, allowed
    if claim.statement == "ranking":
        yield from _check_ranking(place, claim, parts)
        return
    for key in ("workload", "optimizer"):
        if not getattr(claim, key):
            yield (*place, key), "missing", "a name"
            return
    if claim.contrast is not None and claim.contrast == claim.workload:
        yield (*place, "contrast"), f"found {shown(claim.contrast)}, the claim's own", "another"
    if claim.statement == "events" and claim.contrast is not None:
        yield (*place, "contrast"), f"found {shown(claim.contrast)} of events", "nothing"
    for key in ("optimizers", "workloads"):
        if getattr(claim, key):
            yield (*place, key), f"found {listed(getattr(claim, key))}", "nothing but in rankings"
    if (claim.reference is None) == (claim.value is None):
        found = "neither a reference nor a value" if claim.value is None else "both"
        yield (*place, "reference"), found, "either `reference` or `value`"
    elif claim.value is None and claim.statement == "threshold":
        yield (*place, "value"), "missing", "a number"
    elif claim.reference is None and claim.statement in ("difference", "events"):
        allowed = "an optimizer; a difference from a number is a `threshold`"
        yield (*place, "reference"), "missing", allowed
    elsewhere = claim.reference_workload or claim.workload
    sides = [("optimizer", "workload", claim.workload)]
    if claim.reference is not None:
        sides.append(("reference", "reference_workload", elsewhere))
        if (claim.reference, elsewhere) == (claim.optimizer, claim.workload):
            yield (*place, "reference"), "the optimizer itself", "another one"
    elif claim.reference_workload is not None:
        found = f"found {shown(claim.reference_workload)} without a reference"
        yield (*place, "reference_workload"), found, "nothing"
    if claim.contrast is not None:
        sides += [(who, "contrast", claim.contrast) for who, _, _ in tuple(sides)]
    seen: set[Problem] = set()
    for who, where, workload in sides:
        for problem in _check_side(place, claim, who, where, workload, parts):
            if problem not in seen:
                seen.add(problem)
                yield problem


def _check_bounds(place: Place, claim: Hypothesis) -> Iterator[Problem]:
    """A value that the metric cannot have, or a margin within which all its differences lie, would
    make a claim that is decided before any run."""
    least, most = claim.measured.least, claim.measured.most
    said = f"of {claim.metric}"
    if claim.value is not None and not least <= claim.value <= most:
        allowed = f"from {least:g} on" if most == math.inf else f"from {least:g} to {most:g}"
        yield (*place, "value"), f"found {claim.value} {said}", allowed
    if claim.margin >= most - least:
        yield (*place, "margin"), f"found {claim.margin} {said}", f"less than {most - least:g}"


def _check_twice(parts: Parts) -> Iterator[Problem]:
    """Refuse a claim that is the same test of the same rules as another, under other names."""
    before: dict[object, str] = {}
    for name, claim in sorted(parts.of("hypotheses").items()):
        arms = []
        for workload, optimizer in claim.pairs():
            row = parts.optimizers.get(optimizer)
            arms.append((workload, repr(row and replace(row, name="", label="", citation=""))))
        told = (claim.metric, claim.statement, claim.direction, claim.value, claim.margin)
        first = before.setdefault((told, tuple(arms)), name)
        if first != name:
            yield ("hypotheses", name), f"the same test as {shown(first)}", "each test once"


def _check_ranking(place: Place, claim: Hypothesis, parts: Parts) -> Iterator[Problem]:
    """It ranks several optimizers of a workload, or an optimizer on several workloads."""
    of_optimizers = bool(claim.optimizers and claim.workload and not claim.optimizer)
    of_workloads = bool(claim.workloads and claim.optimizer and not claim.workload)
    allowed = "`optimizers`, in order, and their `workload`; or `workloads` and their `optimizer`"
    if of_optimizers == of_workloads or (claim.optimizers and claim.workloads):
        yield (*place, "optimizers"), "no single list of what is ranked", allowed
        return
    for name in ("reference", "reference_workload", "value", "contrast"):
        if getattr(claim, name) is not None:
            yield (*place, name), f"found {shown(getattr(claim, name))} in a ranking", "nothing"
    key = "optimizers" if of_optimizers else "workloads"
    entries = getattr(claim, key)
    if len(set(entries)) < max(2, len(entries)):
        yield (*place, key), f"found {listed(entries)}", "at least two, each once"
    for workload, optimizer in claim.ranked():
        where = (*place, key)
        yield from _check_arm(where, where, workload, optimizer, parts)


def _check_side(
    place: Place, claim: Hypothesis, who: str, where: str, workload: str, parts: Parts
) -> Iterator[Problem]:
    """Whether `claim.who` trains on the workload that `claim.where` names."""
    where = where if getattr(claim, where) is not None else "workload"
    return _check_arm((*place, who), (*place, where), workload, getattr(claim, who), parts)


def _check_arm(
    who: Place, where: Place, workload: str, optimizer: str, parts: Parts
) -> Iterator[Problem]:
    """Whether the optimizer named at `who` trains on the workload named at `where`."""
    names, known = parts.names.get("workloads"), parts.competitors(workload)
    if names is not None and workload not in names:
        yield no_such(where, workload, names)
    if known is not None and optimizer not in known:
        allowed = f"one that trains on {workload}: {listed(known)}"
        yield who, f"found {shown(optimizer)}{perhaps(optimizer, known)}", allowed


def _like(default: Any, value: Any) -> Any:
    """The value as the kind of number that the default is, so that 1 and 1.0 are one setting."""
    if isinstance(value, list) and isinstance(default, list | tuple) and default:
        return [_like(default[0], entry) for entry in value]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if isinstance(default, float) and whole else value


def _wrong_setting(place: Place, name: str, value: Any, default: Any) -> Iterator[Problem]:
    """A setting outside its range, or of another kind than the default; None is of every kind."""
    kinds: dict[type, tuple[str, Callable[[Any], bool]]] = {
        bool: ("true or false", lambda one: isinstance(one, bool)),
        int: ("a whole number", lambda one: isinstance(one, int) and not isinstance(one, bool)),
        float: ("a number", lambda one: isinstance(one, float)),
        str: ("a text", lambda one: isinstance(one, str)),
        tuple: ("a list of numbers", lambda one: isinstance(one, list)),
        list: ("a list of numbers", lambda one: isinstance(one, list)),
    }
    words, fits = kinds.get(type(default), ("", lambda _: True))
    if fits(value):
        yield from _refused(place, check_setting, name, value)
    else:
        yield place, f"found {shown(value)}", f"{words}, as {shown(default)} is"


def _refused(place: Place, check: Callable[..., None], *arguments: Any) -> Iterator[Problem]:
    """What a check that raises has to say."""
    try:
        check("", *arguments)
    except InputError as error:
        yield place, error.found, error.allowed


def _unknown(place: Place, name: str, known: Mapping[str, Any]) -> Problem:
    return place, f"unknown setting{perhaps(name, known)}", listed(known)
