"""What the first workload's runs say of NAG, in sentences that read as English whichever way they
fall."""

import math
import re
from dataclasses import dataclass

import pandas as pd

from nagbench.rendering.lookup import Tables, labels, seeds
from nagbench.rendering.prose import joined
from nagbench.rendering.tables.claims import reader_name
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    VERDICTS,
)

SUBJECT = "nag"
_LISTED = 8  # claims that are named one by one
RIVALS = ("sgd", "heavy_ball", "adam", "nadam", "nesterov_1983")


@dataclass(frozen=True)
class Phrases:
    """How a measure is spoken of.

    Attributes:
        ahead, behind: What NAG does where the test shows it to be better, or worse.
        shortly: `behind` after `ahead`.
        measure: In what the two are not told apart.
    """

    ahead: str
    behind: str
    shortly: str
    measure: str


SPEED = Phrases(
    "spends less time below the targets",
    "spends more time below the targets",
    "more",
    "in time below the targets",
)
ACCURACY = Phrases(
    "ends more accurate", "ends less accurate", "less accurate", "in final test accuracy"
)


def findings(tables: Tables) -> dict[str, str]:
    """The sentences by name."""
    said = {
        "setting": setting(tables),
        "speed": against_rivals(tables, SPEED),
        "accuracy": against_rivals(tables, ACCURACY),
        "missing": missing(tables),
        "spread": spread(tables),
        "diverged": diverged(tables),
        "rates": rates(tables),
        "inputs": inputs(tables),
        "claims": claims(tables),
        "verdicts": verdicts(tables),
        "elsewhere": elsewhere(tables),
    }
    # The one name that is a common noun is spelt like one within a sentence.
    return {
        name: re.sub(r"(?<=[^.] )Heavy ball\b", "heavy ball", text) for name, text in said.items()
    }


def setting(tables: Tables) -> str:
    """What was trained, on what, for how long, and with how many seeds."""
    study, workload = tables["study"].iloc[0], tables["workloads"].iloc[0]
    fresh = seeds({**tables, "outcomes": _here(tables, "outcomes")})
    most = study["tuning_seeds"]
    tuned = "1 seed" if most == 1 else f"up to {most} seeds"
    images, held_out = workload["train_size"], f"{study['validation_size']:,}"
    many = f"all but {held_out}" if math.isnan(images) else f"{images:,.0f}"
    return (
        f"{workload['label']} ({workload['parameters']:,} parameters) trains on {many} of the "
        f"training images of {study['edition']} for {workload['epochs']} epochs in batches of "
        f"{workload['batch_size']}. Every optimizer that is tuned gets {study['trials']} settings "
        f"on {tuned}, judged on held-out images; the chosen setting "
        f"trains again from {fresh.replace(' seed', ' other seed')}."
    )


def against_rivals(tables: Tables, phrases: Phrases) -> str:
    """NAG beside each rival that was tested too, by the corrected test."""
    named, speed = labels(tables), phrases is SPEED
    pairs = _here(tables, "speed_comparisons" if speed else "comparisons")
    if speed:
        pairs = pairs[pairs["clock"] == "gradients"]
    groups: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for rival in RIVALS:
        if (found := _pair(pairs, rival)) is not None:
            row, sign = found
            amount = _share(row, sign) if speed else _difference(row, sign)
            groups[sign * row["better"] if row["differs"] else 0].append(
                f"{named[rival]} ({amount})"
            )
    parts = [f"{phrases.ahead} than {joined(groups[1])}"] if groups[1] else []
    if groups[-1]:
        parts.append(f"{phrases.shortly if parts else phrases.behind} than {joined(groups[-1])}")
    if groups[0]:
        measure = "" if parts else f" {phrases.measure}"
        parts.append(f"is not told apart{measure} from {joined(groups[0])}")
    subject = named.get(SUBJECT, "NAG")
    if not parts:
        return f"{subject} was not compared with any rival {phrases.measure}."
    return f"{subject} {joined(parts)}."


def missing(tables: Tables) -> str:
    """Which of NAG and its rivals the study has and no test run yet; empty if none."""
    named = labels(tables)
    tested = set(_here(tables, "summary")["optimizer"])
    waiting = [named[one] for one in (SUBJECT, *RIVALS) if one in named and one not in tested]
    if not waiting:
        return ""
    return f"{joined(waiting)} {'has' if len(waiting) == 1 else 'have'} no test runs yet."


def spread(tables: Tables) -> str:
    """How much final accuracy varies between seeds."""
    named, study = labels(tables), tables["study"].iloc[0]
    rows = _here(tables, "stability").set_index("optimizer")
    told = [one for one in (SUBJECT, *RIVALS) if one in rows.index and rows["runs"][one] > 1]
    if not told:
        return "No spread between seeds is known yet."
    first, *rest = (f"{100 * rows['sd'][one]:.1f}" for one in told)
    others = joined([f"{sd} for {named[one]}" for sd, one in zip(rest, told[1:], strict=True)])
    said = (
        f"Between seeds the standard deviation of final test accuracy is {first} points for "
        f"{named[told[0]]}{f', {others}' if others else ''}"
    )
    baseline = named.get(study["baseline"], study["baseline"])
    tests = rows.loc[told, "spread_p_adjusted"].dropna()
    if not len(tests):
        return f"{said}."
    apart = [named[one] for one in tests.index[tests <= study["level"]]]
    tells = f"tells that of {joined(apart)}" if apart else "tells none"
    return f"{said}. The corrected test {tells} from {baseline}'s."


def diverged(tables: Tables) -> str:
    """How many test runs diverged at the chosen settings, and whose."""
    named, rows = labels(tables), _here(tables, "stability")
    runs, broken = int(rows["runs"].sum()), rows[rows["diverged"] > 0]
    if not runs:
        return "No run was tested yet."
    if not len(broken):
        return f"None of the {runs} test runs diverged."
    whose = joined([f"{row.diverged} of {named[row.optimizer]}" for row in broken.itertuples()])
    return f"Of the {runs} test runs {broken['diverged'].sum()} diverged: {whose}."


def rates(tables: Tables) -> str:
    """The learning rates and momenta that tuning chose by accuracy, and what they come to."""
    named, chosen = labels(tables), _here(tables, "settings")
    chosen = chosen[chosen["roles"].str.contains("accuracy")].set_index("optimizer")
    told, effective = [], []
    for one in ("sgd", "heavy_ball", SUBJECT):
        if one not in chosen.index:
            continue
        rate = float(chosen["learning_rate"][one])
        found = re.search(r"\bmomentum ([\d.]+)", chosen["others"][one])
        momentum = float(found[1]) if found else 0.0
        beside = f" with momentum {momentum:.2g}" if momentum else ""
        told.append(f"{named[one]} a learning rate of {rate:.2g}{beside}")
        effective.append(f"{rate / (1 - momentum):.2g}")
    if len(told) < 2:
        return ""
    return f"Tuning gave {joined(told)}: effective rates η/(1 − µ) of {joined(effective)}."


def inputs(tables: Tables) -> str:
    """How images and the learning rate change while a run trains."""
    workload = tables["workloads"].iloc[0]
    done = [f"cropped at random, by up to {workload['padding']} pixels"] * bool(workload["padding"])
    done += ["mirrored at random"] * bool(workload["flip"])
    images = (
        f"Training images are {joined(done)}" if done else "Training images are used as they are"
    )
    rate = workload["schedule"]
    learning = "constant" if rate == "constant" else f"scheduled ({rate.replace('_', ' ')})"
    return f"{images}. The learning rate is {learning}."


def claims(tables: Tables) -> str:
    """How many claims came out how."""
    found = tables["hypotheses"]["verdict"].value_counts()
    if not len(found):
        return "The study states no claims."
    parts = [
        f"{found[verdict]} {(said if found[verdict] == 1 else many)}"
        for verdict, said, many in (
            (SUPPORTED, "is supported", "are supported"),
            (CONTRADICTED, "is contradicted", "are contradicted"),
            (NO_DIFFERENCE, "names a difference that is shown not to matter",
             "name a difference that is shown not to matter"),
            (OPEN, "is left open", "are left open"),
            (NOT_TESTABLE, "cannot be tested here", "cannot be tested here"),
        )
        if verdict in found
    ]  # fmt: skip
    return f"Of {found.sum()} claims {joined(parts)}."


def verdicts(tables: Tables) -> str:
    """Which claims came out how, by their names."""
    found, said = tables["hypotheses"], []
    for verdict in VERDICTS:
        names = list(found.loc[found["verdict"] == verdict, "hypothesis"])
        if verdict == NOT_TESTABLE and len(names) > _LISTED:
            said.append(f"The other {len(names)} cannot be tested from the runs that there are.")
        elif names:
            listed = joined([reader_name(name) for name in names])
            said.append(f"{verdict.capitalize()}: {listed}.")
    return " ".join(said)


def elsewhere(tables: Tables) -> str:
    """What became of the claims where the study trained again; empty if it did not."""
    if "elsewhere" not in tables:
        return ""
    there = tables["elsewhere"]
    tested = there[there["verdict"] != NOT_TESTABLE].set_index("hypothesis")["verdict"]
    here = tables["hypotheses"].set_index("hypothesis")["verdict"].loc[tested.index]
    both = here != NOT_TESTABLE
    same = int((here[both] == tested[both]).sum())
    facts = there.iloc[0]
    said = f"On another machine ({facts['place']}) {facts['runs']} runs of the same study trained"
    said += f" again. Of the {both.sum()} claims that both places can test" if both.any() else "."
    if both.any():
        kept = "all" if same == both.sum() else str(same)
        said += f", {kept} {'has' if kept == '1' else 'have'} the same verdict in both."
    alone = tested.index[~both]
    claim = tables["hypotheses"].set_index("hypothesis")["claim"]
    for verdict in VERDICTS:
        names = [name for name in alone if tested[name] == verdict]
        if names:
            told = "; ".join(f"{claim[name]} ({reader_name(name)})" for name in names)
            said += f" Tested there alone and {verdict}: {told}."
    return said


def _here(tables: Tables, name: str) -> pd.DataFrame:
    """The rows of the first workload."""
    table = tables[name]
    return table[table["workload"] == tables["workloads"]["workload"].iloc[0]]


def _pair(pairs: pd.DataFrame, rival: str) -> tuple[pd.Series, int] | None:
    """The row of NAG and a rival, and the sign that makes NAG its first."""
    for one, other, sign in ((SUBJECT, rival, 1), (rival, SUBJECT, -1)):
        found = pairs[(pairs["optimizer"] == one) & (pairs["reference"] == other)]
        if len(found):
            return found.iloc[0], sign
    return None


def _share(row: pd.Series, sign: int) -> str:
    """NAG's mean time beside the rival's, or the pairs that it won."""
    if math.isnan(row["ratio"]):
        return _won(row, sign)
    return f"{100 * (row['ratio'] ** sign - 1):+.0f} %".replace("-", "−")


def _difference(row: pd.Series, sign: int) -> str:
    """NAG's mean accuracy less the rival's, or the pairs that it won."""
    if math.isnan(row["difference"]):
        return _won(row, sign)
    return f"{100 * sign * row['difference']:+.1f} points".replace("-", "−")


def _won(row: pd.Series, sign: int) -> str:
    return f"better in {row['wins' if sign > 0 else 'losses']} of {row['pairs']} pairs"
