"""What must fit together in a study file: names that exist, settings in range, seeds apart.

Each check looks at what is valid by itself, and is silent where something that it needs is not.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.models.registry import check_batch_norm
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.search_space import rate_of
from nagbench.optimizers.setting_bounds import check_setting
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.model import CLOCKS, Hypothesis, Workload
from nagbench.study.sections import OptimizerSection
from nagbench.study.wording import Place, Problem, listed, perhaps, shown

MAX_RUNS = 1_000_000
_NEEDS = ("closure", "create_graph", "matrices", "late", "own_schedule")


@dataclass(frozen=True)
class Parts:
    """What is valid in a study file; what is not is absent.

    Attributes:
        fields: By key; `workloads`, `optimizers` and `hypotheses` hold their valid entries.
        optimizers: The rows that the optimizers' sections amount to.
        names: Of `workloads` and `optimizers` all names, also those whose entries are not valid;
            absent where there is no mapping.
    """

    fields: Mapping[str, Any]
    optimizers: Mapping[str, OptimizerSpec]
    names: Mapping[str, Collection[str]]

    def of(self, key: str) -> Mapping[str, Any]:
        """The valid entries of a mapping."""
        entries: Mapping[str, Any] = self.fields.get(key, {})
        return entries

    def competitors(self, workload: str) -> Collection[str] | None:
        """The names of those that train there; None where that cannot be said."""
        if workload not in self.of("workloads"):
            return None
        wanted: Collection[str] | None = self.of("workloads")[workload].optimizers
        return self.names.get("optimizers") if wanted is None else wanted


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
        place = ("space", axis)
        if axis not in defaults:
            problems.append(_unknown(place, axis, defaults))
        elif isinstance(defaults[axis], bool) or not isinstance(defaults[axis], int | float):
            found = f"an interval for what is {shown(defaults[axis])}"
            problems.append((place, found, "intervals for numbers"))
        elif problem := domain.problem():
            problems.append((place, problem, "low below high, within the scale's range"))
        else:
            problems += _refused(place, check_setting, axis, [domain.low, domain.high])
    changed = {name: getattr(section, name) for name in ("label", "citation", *_NEEDS)}
    changed = {name: value for name, value in changed.items() if value is not None}
    return replace(base, name=key, defaults=defaults, space=space, **changed), problems


def across(parts: Parts) -> Iterator[Problem]:
    """All that does not fit together."""
    yield from _check_seeds(parts)
    yield from _check_rungs(parts)
    yield from _check_baseline(parts)
    yield from _check_grid(parts)
    yield from _check_size(parts)
    for name, workload in parts.of("workloads").items():
        place = ("workloads", name)
        yield from _refused(
            (*place, "batch_norm"), check_batch_norm, workload.model, workload.batch_norm
        )
        yield from _check_competitors((*place, "optimizers"), workload, parts)
    yield from _check_against_data(parts)
    for name, hypothesis in parts.of("hypotheses").items():
        yield from _check_hypothesis(("hypotheses", name), hypothesis, parts)


def _check_seeds(parts: Parts) -> Iterator[Problem]:
    if "tuning" in parts.fields and "testing" in parts.fields:
        tuning = set(parts.fields["tuning"].seeds)
        shared = sorted(tuning.intersection(parts.fields["testing"].seeds))
        if shared:
            some = ", ".join(map(str, shared[:5])) + (", …" if len(shared) > 5 else "")
            found = f"seeds also used for tuning: {some}"
            yield ("testing", "seeds"), found, "seeds that tuning never saw"


def _check_rungs(parts: Parts) -> Iterator[Problem]:
    """Each rung lies after the one before, keeps fewer, and before the end of every workload."""
    if "tuning" not in parts.fields:
        return
    tuning = parts.fields["tuning"]
    before, left = 0, tuning.points + 1
    for n, rung in enumerate(tuning.rungs):
        place = ("tuning", "rungs", n)
        if rung.epochs <= before:
            yield (*place, "epochs"), f"found {rung.epochs}", f"more than {before}"
        if rung.keep >= left:
            yield (*place, "keep"), f"found {rung.keep}", f"fewer than {left}"
        before, left = rung.epochs, rung.keep
    for name, workload in parts.of("workloads").items():
        if workload.epochs <= before:
            found = f"found {workload.epochs}, where a rung of tuning is at {before}"
            yield ("workloads", name, "epochs"), found, f"more than {before}"


def _check_baseline(parts: Parts) -> Iterator[Problem]:
    if "baseline" in parts.fields and "optimizers" in parts.names:
        baseline, known = parts.fields["baseline"], parts.names["optimizers"]
        if baseline not in known:
            yield _no_such(("baseline",), baseline, known)


def _check_grid(parts: Parts) -> Iterator[Problem]:
    if "tuning" in parts.fields and parts.fields["tuning"].search == "grid":
        for name, optimizer in parts.optimizers.items():
            if optimizer.space and rate_of(optimizer.space) is None:
                found = "a space without `lr`, which the grid search varies"
                yield ("optimizers", name, "space"), found, "an interval for `lr`"


def _check_size(parts: Parts) -> Iterator[Problem]:
    """Refuse a study that nobody could train or even list."""
    if "tuning" in parts.fields and "testing" in parts.fields:
        tuning, testing = parts.fields["tuning"], parts.fields["testing"]
        tried = max(tuning.points, tuning.late) + tuning.default
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
            yield _no_such((*place, n), name, known)
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
    if (claim.reference is None) == (claim.value is None):
        found = "neither a reference nor a value" if claim.value is None else "both"
        yield (*place, "reference"), found, "either `reference` or `value`"
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
    if claim.direction in ("equivalent", "at_most") and not claim.margin:
        yield (*place, "margin"), "found none", "a number above 0, to be within"


def _check_side(
    place: Place, claim: Hypothesis, who: str, where: str, workload: str, parts: Parts
) -> Iterator[Problem]:
    """Whether `claim.who` trains on the workload that `claim.where` names, and to what target."""
    names = parts.names.get("workloads")
    if names is not None and workload not in names:
        where = where if getattr(claim, where) is not None else "workload"
        yield _no_such((*place, where), workload, names)
    known, name = parts.competitors(workload), getattr(claim, who)
    if known is not None and name not in known:
        allowed = f"one that trains on {workload}: {listed(known)}"
        yield (*place, who), f"found {shown(name)}{perhaps(name, known)}", allowed
    if claim.metric in CLOCKS and workload in parts.of("workloads"):
        reachable = parts.of("workloads")[workload].targets
        if claim.target not in reachable:
            allowed = f"one of {workload}'s: {', '.join(f'{value:g}' for value in reachable)}"
            yield (*place, "target"), f"found {claim.target:g}", allowed


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


def _no_such(place: Place, name: str, known: Collection[str]) -> Problem:
    return place, f"found {shown(name)}{perhaps(name, known)}", f"one of {listed(known)}"
