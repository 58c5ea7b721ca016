"""Tests, intervals and the verdict table once more: written from docs/reference/statistics.md.

What that page does not describe, or no registered study has, is an error here, never a guess.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

Array = np.ndarray
WITHIN = ("equivalence", "at_most")
OPEN, SAME = "open", "no relevant difference"
SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNTESTABLE = "not testable here"
Row = dict[str, Any]
GREATER = ("accuracy", "band")  # metrics of which more is better; of the others less is
NEITHER = ("gradient_ratio",)  # but of these what is claimed is


def subset_sums(rows: Array) -> Array:
    """The sums of all subsets of each row, the empty one first."""
    found = np.zeros((len(rows), 1))
    for column in rows.T:
        found = np.concatenate([found, found + column[:, None]], axis=1)
    return found


def one_sided(rows: Array, value: float = 0.0) -> tuple[Array, Array]:
    """For each row of differences the p of a centre above `value`, and of one below."""
    half, total = rows.shape[1] // 2, 2 ** rows.shape[1]
    near = 1e-11 * np.abs(rows).max(axis=1)
    left = np.sort(subset_sums(rows[:, :half] - value), axis=1)
    right = np.sort(subset_sums(rows[:, half:] - value), axis=1)
    pairs = list(zip(left, right, near, strict=True))
    at_most = [np.searchsorted(a, slack - b, "right").sum() for a, b, slack in pairs]
    less = [np.searchsorted(a, -slack - b, "left").sum() for a, b, slack in pairs]
    return np.array(at_most) / total, 1 - np.array(less) / total


def two_sided(differences: Array) -> float:
    """p of a centre at nought, against any other."""
    (above,), (below,) = one_sided(differences[None])
    return min(1.0, 2 * float(min(above, below)))


def depth(pairs: int, level: float, sides: int) -> int:
    return math.floor(2**pairs * level / sides * (1 + 1e-12))


def interval(differences: Array, level: float, sides: int = 2) -> tuple[float, float]:
    """Two of the sorted means of all subsets but the empty one."""
    pairs, rank = len(differences), depth(len(differences), level, sides)
    if pairs > 22:
        raise ValueError(f"{pairs} pairs have too many subsets to list")
    sums, counts = subset_sums(np.stack([differences, np.ones(pairs)]))[:, 1:]
    means = np.partition(sums / counts, [rank - 1, 2**pairs - rank - 1])
    slack = 1e-12 * np.abs(differences).max()
    return float(means[rank - 1] - slack), float(means[2**pairs - rank - 1] + slack)


def power(effect: float, pairs: int, level: float, statement: str) -> float:
    """How often normal differences of deviation 1 show a claim with a margin of `effect`."""
    if pairs > 20:
        raise ValueError(f"the power of {pairs} pairs is that of t tests")
    sides = 1 if statement in WITHIN else 2
    rank = depth(pairs, level, sides)
    draws = np.random.default_rng(0).normal(size=(1000, pairs))
    if rank == 1:
        under, over = (float(end) for end in stats.norm.cdf([effect, -effect]))
        if statement == "equivalence":
            return (under - over) ** pairs
        return under**pairs + (over**pairs if sides == 2 else 0.0)
    above, below = (found <= rank / 2**pairs for found in one_sided(draws + effect))
    if statement == "equivalence":
        return float((above & (one_sided(draws - effect)[1] <= rank / 2**pairs)).mean())
    return float(((above | below) if sides == 2 else above).mean())


def calibration(differences: Array, level: float, statement: str, margin: float) -> float:
    """How often the test errs on resamples of the differences, moved to where it must not."""
    drawn = np.random.default_rng(0).integers(0, len(differences), (1000, len(differences)))
    rows = (differences - differences.mean())[drawn]
    above, below = one_sided(rows)
    if statement not in WITHIN:
        return float((2 * np.minimum(above, below) <= level).mean())
    errs = below <= level
    far = one_sided(rows, -2 * margin)[0] <= level
    return float((errs & far if statement == "equivalence" else errs).mean())


def rates(counts: Sequence[int], totals: Sequence[int], level: float) -> tuple[float, float]:
    """The interval of the first rate less the second: of two Clopper-Pearson ones, a rectangle."""
    ends = []
    for count, total in zip(counts, totals, strict=True):
        low = stats.beta.ppf(level / 4, count, total - count + 1) if count else 0.0
        high = stats.beta.isf(level / 4, count + 1, total - count) if count < total else 1.0
        ends.append((float(low), float(high)))
    return ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]


def rates_p(counts: Sequence[int], totals: Sequence[int]) -> float:
    """The least level at which that interval leaves out nought."""

    def beyond(power_of_ten: float) -> float:
        low, high = rates(counts, totals, 10**power_of_ten)
        return max(low, -high)

    return 1.0 if beyond(-1e-12) <= 0 else float(10 ** optimize.brentq(beyond, -40, -1e-12))


def pair_wins(pair: pd.DataFrame, value: float, better: int) -> tuple[int, int, float]:
    """Pairs above `value` and below it, and the binomial p; the better side has fewer failures."""
    none = (pair.fails == 0) & (pair.others_fail == 0)
    away = np.where(none, pair.d - value, better * (pair.others_fail - pair.fails))
    away[np.abs(away) <= 1e-12 * pair.d.where(none, 0.0).abs().max()] = 0.0
    away[none & ((pair.bound & (away < 0)) | (pair.others_bound & (away > 0)))] = 0.0
    above, below = int((away > 0).sum()), int((away < 0).sum())
    return above, below, stats.binomtest(above, above + below).pvalue if above + below else 1.0


def of_difference(margin: float, ends: Row) -> Row:
    """The rows of the verdict table for a difference; ends are in the claimed direction."""
    low, high = ends["inner_low"], ends["inner_high"]
    if ends["low"] > 0:
        return {"verdict": SUPPORTED, "remark": "below relevance" if high < margin else ""}
    if ends["high"] < 0:
        return {"verdict": CONTRADICTED, "remark": "below relevance" if low > -margin else ""}
    return {"verdict": SAME if -margin < low and high < margin else OPEN}


def paired(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Differences `d` by seed, of those that both have, and which runs of either side fail."""
    seeds = one.index.intersection(other.index).sort_values()
    left, right = one.loc[seeds].astype(float), other.loc[seeds].astype(float)
    d = left["value"] - right["value"]
    bounds = [(one["bound"] > 0 if "bound" in one else d != d) for one in (left, right)]
    fails = {"fails": left["fails"], "others_fail": right["fails"]}
    return pd.DataFrame({"d": d, **fails, "bound": bounds[0], "others_bound": bounds[1]})


def failing(pair: pd.DataFrame) -> "pd.Series[bool]":
    """Pairs in which a run of either side fails."""
    return (pair["fails"] > 0) | (pair["others_fail"] > 0)


def bounded(pair: pd.DataFrame) -> "pd.Series[bool]":
    """Pairs in which a measure of either side is a lower bound."""
    return pair["bound"] | pair["others_bound"]


def meanless(pair: pd.DataFrame) -> bool:
    """Whether pair wins decide."""
    return bool(failing(pair).any() or bounded(pair).any())


def said_of(pair: pd.DataFrame) -> list[str]:
    """In how many pairs no difference is known."""
    fails, bounds = failing(pair).sum(), bounded(pair).sum()
    cut = "a band is cut off where the rates that were tried end"
    return [
        *[f"a run fails in {fails} of {len(pair)} pairs"] * bool(fails),
        *[f"{cut} in {bounds} of {len(pair)} pairs"] * bool(bounds),
    ]


def sign_of(claim: Row) -> int:
    return -1 if claim["direction"] == "less" else 1


def better_of(claim: Row) -> int:
    return sign_of(claim) if claim["metric"] in NEITHER else 1 if claim["metric"] in GREATER else -1


def of_means(claim: Row, d: np.ndarray, level: float) -> Row:
    """By sign flips."""
    sign, margin, statement = sign_of(claim), claim["margin"], claim["statement"]
    turned = sign * d
    keys = ("low", "high", "inner_low", "inner_high")
    ends = dict(zip(keys, (*interval(turned, level), *interval(turned, level, 1)), strict=True))
    low, high = ends["inner_low"], ends["inner_high"]
    (above_m,), (below_m,) = one_sided(turned[None], margin)
    (above_minus,), (below_minus,) = one_sided(turned[None], -margin)
    equal_p = max(above_minus, below_m)
    if statement == "at_most":
        word = SUPPORTED if high < margin else CONTRADICTED if low > margin else OPEN
        found: Row = {"verdict": word, "p": above_m if word == CONTRADICTED else below_m}
    elif statement == "equivalence":
        outside = ends["low"] > margin or ends["high"] < -margin
        inside = -margin < low and high < margin
        word = SUPPORTED if inside else CONTRADICTED if outside else OPEN
        twice = 2 * min(above_m, below_minus)
        found = {"verdict": word, "p": twice if word == CONTRADICTED else equal_p}
    elif statement in ("difference", "threshold"):
        found = of_difference(margin, ends)
        found["p"] = equal_p if found["verdict"] == SAME else two_sided(d)
    else:
        raise LookupError(f"no rule for the statement {statement}")
    if margin and statement != "threshold":
        found["power"] = power(margin / d.std(ddof=1), len(d), level, statement) if d.std() else 1.0
    if np.ptp(d):
        found["calibration"] = calibration(turned, level, statement, margin)
    inner, outer = sorted((sign * low, sign * high)), sorted(sign * ends[end] for end in keys[:2])
    shown = inner if statement in WITHIN else outer
    return found | dict(zip(("effect", *keys), (d.mean(), *shown, *inner), strict=True))


def of_wins(claim: Row, pair: pd.DataFrame, level: float) -> Row:
    """By pair wins, where a run fails or a band is cut off."""
    statement, better = claim["statement"], better_of(claim)
    margin = claim["margin"] if statement in WITHIN else 0.0
    above, below, p = pair_wins(pair, margin, better)
    more, fewer, counts = above > below and p <= level, below > above and p <= level, above + below
    pairs_won, least = (above, below), 2 / 2**counts
    if statement == "equivalence":
        over, under, p_minus = pair_wins(pair, -margin, better)
        ends = [(below, counts), (over, over + under)]
        one_sided_p = max(stats.binom.sf(won - 1, total, 0.5) for won, total in ends)
        inside = one_sided_p <= level
        far = under > over and p_minus <= level
        outside = more or far
        if inside or not outside:
            p = one_sided_p
        elif far:
            p = p_minus
        pairs_won, least = (over - above, above + under), 1 / 2 ** max(counts, over + under)
    else:
        inside, outside = more, fewer
        if statement == "at_most" or sign_of(claim) < 0:
            inside, outside, pairs_won = fewer, more, (below, above)
    word = SUPPORTED if inside else CONTRADICTED if outside else OPEN
    untestable = least > level
    return {
        "verdict": UNTESTABLE if untestable else word,
        "p": p,
        "wins": pairs_won,
        "obstacle": untestable,
        "said": said_of(pair),
    }


def of_events(claim: Row, sides: Sequence[pd.DataFrame], level: float) -> Row:
    """By exact rates of all runs of both arms."""
    counts, totals = [int(one["value"].sum()) for one in sides], [len(one) for one in sides]
    low, high = rates(counts, totals, level)
    sign, ends = sign_of(claim), Row()
    for names, own in ((("low", "high"), level), (("inner_low", "inner_high"), 2 * level)):
        ends |= dict(zip(names, sorted(sign * x for x in rates(counts, totals, own)), strict=True))
    effect = counts[0] / totals[0] - counts[1] / totals[1]
    shown = {"effect": effect, "low": low, "high": high, "p": rates_p(counts, totals)}
    return of_difference(claim["margin"], ends) | shown | {"pairs": min(totals)}


def of_ranking(claim: Row, pairs: Sequence[pd.DataFrame], level: float) -> Row:
    """By every neighbour against the next; what is told is of those who decide."""
    sign, rows = sign_of(claim), []
    for pair in pairs:
        row: Row = {"said": said_of(pair)}
        if meanless(pair):
            above, below, row["p"] = pair_wins(pair, 0.0, better_of(claim))
            row["wins"] = (above, below)[::sign]
            ahead = sign * (above - below)
            row["least"] = 1.0 if ahead > 0 and row["p"] <= level else -math.inf
            row["most"] = -1.0 if ahead < 0 and row["p"] <= level / len(pairs) else math.inf
        else:
            d = pair["d"].to_numpy()
            row["least"] = interval(sign * d, level)[0]
            row["most"] = interval(sign * d, level / len(pairs))[1]
            low, high = interval(d, level)
            row |= {"p": two_sided(d), "effect": d.mean(), "low": low, "high": high}
            row["same"] = not d.any()
        rows.append(row)
    against = [row for row in rows if row["most"] < 0]
    ahead_of_all = all(row["least"] > 0 for row in rows)
    word = SUPPORTED if ahead_of_all else CONTRADICTED if against else OPEN
    told = (min if word == CONTRADICTED else max)(
        against if word == CONTRADICTED else rows, key=lambda row: row["p"]
    )
    found = {name: value for name, value in told.items() if name not in ("least", "most")}
    shown = next(n for n, row in enumerate(rows) if row is told)
    found |= {"verdict": word, "shown": shown, "pairs": len(pairs[shown])}
    if word == CONTRADICTED:
        found["p"] = min(1.0, told["p"] * len(pairs))
    if claim["margin"] and not any(meanless(pair) for pair in pairs):
        spreads = [(pair["d"].std(), len(pair)) for pair in pairs]
        found["power"] = min(
            power(claim["margin"] / spread, count, level, "difference") if spread else 1.0
            for spread, count in spreads
        )
    return found
