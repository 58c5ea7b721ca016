"""A study that `extends` another: the other's content, with parts left out, changed or added.

It works on plain data, before anything is checked, so that a study that extends another is the same
as one whose file has all of it. Runs that both have are the same runs, found in one store.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nagbench.study.wording import Problem, listed, perhaps, shown

KEY = "extends"
PARTS = ("workloads", "optimizers", "hypotheses")
# Where a hypothesis names workloads and optimizers.
_NAMES = {
    "workloads": ("workload", "reference_workload", "contrast", "workloads"),
    "optimizers": ("optimizer", "reference", "optimizers"),
}
Content = dict[str, Any]


def extended(content: Content, base: Content) -> tuple[Content, list[Problem]]:
    """What a study's file means that extends another, and what is wrong with how it does.

    Of `workloads`, `optimizers` and `hypotheses` a mapping adds entries to the other's, or puts
    them in the place of its own; nothing after a name keeps the other's entry. A list keeps those
    that it names, and no others; an entry of the list may be a mapping, which adds. An optimizer
    that is added trains on every workload of the other's. The other's claims on what is left out
    are left out. Every other key takes the place of the other's.

    Args:
        content: Of the file.
        base: Of the study that it extends, which is valid by itself.
    """
    problems: list[Problem] = []
    made = {**base, **{key: value for key, value in content.items() if key not in (KEY, *PARTS)}}
    for part in PARTS:
        made[part] = _part(part, content.get(part, {}), base.get(part) or {}, problems)
    there = {part: set(made[part]) for part in _NAMES}
    added = [name for name in made["optimizers"] if name not in base["optimizers"]]
    for name, workload in made["workloads"].items():
        if workload is base["workloads"].get(name) and workload.get("optimizers"):
            own = [one for one in workload["optimizers"] if one in there["optimizers"]]
            made["workloads"][name] = {**workload, "optimizers": own + added}
    if base.get("band") and "band" not in content:
        made["band"] = _restricted(base["band"], there)
        if [] in made["band"].values():
            del made["band"]
    if base["testing"].get("further") and "testing" not in content:
        further = base["testing"]["further"]
        kept = {name: further[name] for name in further if name in there["optimizers"]}
        made["testing"] = {**base["testing"], "further": kept}
    theirs: Content = base.get("hypotheses") or {}
    left_out = [name for name, claim in theirs.items() if _absent(claim, there)]
    made["hypotheses"] = {
        name: claim
        for name, claim in made["hypotheses"].items()
        if name not in left_out or claim is not theirs[name]
    }
    return made, problems


def _part(part: str, wanted: Any, base: Content, problems: list[Problem]) -> Content:
    """The entries that are kept of the other study's, in its order, and then this one's."""
    if isinstance(wanted, dict):
        return {**base, **_own(wanted, base)}
    if not isinstance(wanted, list):
        allowed = f"a list of names of the study that is extended, or a mapping of {part}"
        problems.append(((part,), f"found {shown(wanted)}", allowed))
        return dict(base)
    kept: set[str] = set()
    own: Content = {}
    seen: list[Any] = []
    for n, entry in enumerate(wanted):
        names = list(entry) if isinstance(entry, dict) else [entry]
        if twice := [name for name in names if name in seen]:
            problems.append(((part, n), f"found {shown(twice[0])} again", "each name once"))
        elif isinstance(entry, dict):
            own |= _own(entry, base)
            kept |= {name for name in entry if name in base}
        elif isinstance(entry, str) and entry in base:
            kept.add(entry)
        else:
            found = f"found {shown(entry)}{perhaps(entry, base)}"
            problems.append(((part, n), found, listed(base)))
        seen += names
    return {**{name: base[name] for name in base if name in kept}, **own}


def _own(wanted: Content, base: Content) -> Content:
    return {name: one for name, one in wanted.items() if one is not None or name not in base}


def _restricted(section: Content, there: Mapping[str, set[str]]) -> Content:
    """A section whose lists name only what is there."""
    lists = {part: section[part] for part in there if isinstance(section.get(part), list)}
    return {
        **section,
        **{part: [one for one in names if one in there[part]] for part, names in lists.items()},
    }


def _absent(claim: Content, there: Mapping[str, set[str]]) -> bool:
    """Whether a claim names a workload or an optimizer that is left out."""
    places = [(part, key) for part, keys in _NAMES.items() for key in keys]
    return any(not set(_all(claim.get(key))) <= there[part] for part, key in places)


def _all(value: Any) -> Iterable[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
