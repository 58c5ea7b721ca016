"""Every verdict once more: written from docs/reference/statistics.md, nothing of nagbench in it.

What that page does not describe, or no registered study has, is an error here, never a guess.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from recomputed_records import CLOCKS, EVENTS, Arm, Records
from recomputed_statistics import (
    GREATER,
    OPEN,
    UNTESTABLE,
    WITHIN,
    Row,
    better_of,
    depth,
    failing,
    meanless,
    of_events,
    of_means,
    of_ranking,
    of_wins,
    pair_wins,
    paired,
    rates,
    two_sided,
)

NUMBERS = ("effect", "low", "high", "inner_low", "inner_high", "p", "power", "calibration")


def verdicts(records: Records) -> dict[str, Row]:
    """By claim the numbers and the verdict; of one that waits for runs nothing but that."""
    claims = records.definition["hypotheses"]
    sizes = Counter(claim["family"] for claim in claims.values())
    found = {}
    for name, claim in claims.items():
        level = records.definition["level"] / sizes[claim["family"]]
        blank = {"level": level, "waits": False, "pairs": 0, "verdict": UNTESTABLE, "remark": ""}
        row = {**blank, **dict.fromkeys(NUMBERS, math.nan)}
        found[name] = row | judged(records, claim, level)
    return found


def arms_of(claim: Row) -> list[Arm]:
    """Each workload and optimizer that a claim is about, in order."""
    if claim["contrast"] or claim["reference_workload"] or claim["workloads"]:
        raise LookupError("no rule for a claim on several workloads")
    names = claim["optimizers"] or [claim["optimizer"], claim["reference"]]
    return [(claim["workload"], name) for name in names if name]


def judged(records: Records, claim: Row, level: float) -> Row:
    """What the records say of a claim."""
    arms, metric, statement = arms_of(claim), claim["metric"], claim["statement"]
    role = "speed" if metric in CLOCKS else "accuracy"
    if any(missing(records, metric, arm, role) for arm in arms):
        return {"waits": True}
    sides = records.measured(metric, arms, [role] * len(arms))
    wins, others = doubted(records, claim, arms, role)
    corrected = level / max(1, len(sides) - 1) if statement == "ranking" else level
    pairs = pairs_of(claim, sides)
    for pair in pairs:
        shallow = not depth(len(pair), corrected, 1 if statement in WITHIN else 2)
        if (shallow and statement != "events") or (pair["d"].isna() & ~failing(pair)).any():
            return wins | {"pairs": len(pair)}
    bound = nothing(metric, sides, level)
    if bound is not None:
        return wins | {"pairs": len(pairs[0]), "bound": bound}
    found: Row
    if statement == "events":
        found = of_events(claim, sides, level)
    elif statement == "ranking":
        found = of_ranking(claim, pairs, level)
    elif meanless(pairs[0]):
        found = of_wins(claim, pairs[0], level)
    else:
        found = of_means(claim, pairs[0]["d"].to_numpy(), level)
    if found["verdict"] == OPEN and found.get("power", math.nan) < 0.5:
        found["verdict"] = UNTESTABLE
    effect = found.get("effect", math.nan)
    least = least_left(claim, effect, others)
    least["depends_on_tuning"] = depends(claim, effect, least["runner_up_effect"])
    return {"pairs": len(pairs[0])} | wins | least | found


def missing(records: Records, metric: str, arm: Arm, role: str) -> bool:
    """Whether runs, or step costs, of an arm are still to come."""
    if metric == "step_cost":
        known = [(one["workload"], one["optimizer"]) for one in records.costs or ()]
        return arm not in known
    stage = "band" if metric == "band" else "test"
    have = records.bands(arm) if metric == "band" else records.tested(arm, role)
    return len(have) < len(records.definition["seeds"]["/".join((stage, *arm))])


def pairs_of(claim: Row, sides: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Differences by seed: of a ranking each less the next, else the one less its reference."""
    if len(sides) > 1:
        return [paired(one, other) for one, other in pairwise(sides)]
    (one,) = sides
    number = pd.DataFrame({"value": claim["value"] or 0.0, "fails": False}, index=one.index)
    return [paired(one, number)]


def nothing(metric: str, sides: Sequence[pd.DataFrame], level: float) -> float | None:
    """The bound that remains where nothing that a claim is about has happened; else None."""
    totals = [len(side) for side in sides]
    if metric in CLOCKS and all(side["fails"].all() for side in sides):
        return 1 - level ** (1 / min(totals))
    for happened in (0, 1) if metric in EVENTS else ():
        if all((side["value"] == happened).all() for side in sides):
            ends = totals[0], totals[-1]
            low, high = rates([happened * total for total in ends], ends, level)
            return max(-low, high)
    if metric == "band" and not any(side["value"].any() for side in sides):
        return math.nan
    return None


def doubted(
    records: Records, claim: Row, arms: Sequence[Arm], role: str
) -> tuple[Row, list[tuple[float, int]]]:
    """How often another finalist wins, and the effects with another one, with their pairs."""
    wins = [records.another_wins(arm, role) for arm in arms]
    found: Row = {"another_wins": max((one for one in wins if one == one), default=math.nan)}
    effects = []
    elsewhere = claim["metric"] in ("step_cost", "band", *EVENTS) or claim["statement"] == "ranking"
    for place, arm in enumerate(arms):
        chosen = records.chosen(arm).roles if not elsewhere else {}
        same = chosen.get("runner_up", -1) == chosen.get(role, -2)
        other = "accuracy" if same else "runner_up"
        roles = [other if n == place else role for n in range(len(arms))]
        if elsewhere or records.tested(arm, other).empty:
            continue
        sides = records.measured(claim["metric"], arms, roles)
        (pair,) = pairs_of(claim, sides)
        if failing(pair).any():
            above, below, _ = pair_wins(pair, 0.0, better_of(claim))
            effects.append(
                (math.inf * np.sign(above - below) if above != below else 0.0, len(pair))
            )
        elif len(pair) and pair["d"].notna().all():
            effects.append((float(pair["d"].mean()), len(pair)))
    return found, effects


def least_left(claim: Row, effect: float, others: Sequence[tuple[float, int]]) -> Row:
    """Of the effects with another finalist the one nearest to the other verdict, and its pairs."""
    if claim["statement"] == "equivalence":
        near = [abs(other) for other, _ in others]
        side = 1 if abs(effect) >= claim["margin"] else -1
    else:
        near = [other for other, _ in others]
        side = 1 if effect > (claim["margin"] if claim["statement"] == "at_most" else 0) else -1
    if math.isnan(effect) or not others:
        return {"runner_up_effect": math.nan, "runner_up_pairs": 0}
    other, pairs = others[min(range(len(near)), key=lambda n: side * near[n])]
    return {"runner_up_effect": other, "runner_up_pairs": pairs}


def depends(claim: Row, effect: float, other: float) -> bool:
    """Whether the effect turns or fades with the runner-up."""
    margin = claim["margin"]
    if claim["statement"] in WITHIN:
        one, two = (abs(e) if claim["statement"] == "equivalence" else e for e in (effect, other))
        return not math.isnan(one + two) and (one < margin) != (two < margin)
    return effect * other < 0 or (abs(effect) > margin > 0 and abs(other) < margin / 2)


def comparisons(records: Records, workload: str, metric: str) -> dict[Arm, Row]:
    """All pairs of optimizers of a workload, by sign flips or pair wins, its p times the others."""
    names = records.definition["workloads"][workload]["optimizers"]
    names = [name for name in records.definition["optimizers"] if name in names]
    role = "speed" if metric in CLOCKS else "accuracy"
    names = [name for name in names if len(records.tested((workload, name), role))]
    found: dict[Arm, Row] = {}
    for second, first in combinations(names, 2):
        arms = [(workload, first), (workload, second)]
        sides = records.measured(metric, arms, [role] * 2)
        pair = paired(*sides)
        if metric in CLOCKS and all(side["fails"].all() for side in sides):
            p = math.nan
        elif failing(pair).any():
            p = pair_wins(pair, 0.0, 1 if metric in GREATER else -1)[2]
        else:
            p = two_sided(pair["d"].to_numpy())
        found[first, second] = {"pairs": len(pair), "p": float(p)}
        corrected = p if math.isnan(p) else min(1.0, (len(names) - 1) * p)
        found[first, second]["p_adjusted"] = corrected
    return found
