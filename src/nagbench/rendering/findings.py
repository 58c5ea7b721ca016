"""What the first workload's runs say of NAG, in sentences that read as English whichever way they
fall."""

import math
import re
from typing import Any

import pandas as pd

from nagbench.rendering.answer import (
    ACCURACY,
    RIVALS,
    SPEED,
    SUBJECT,
    Topic,
    rival_name,
    said_with,
    sentence,
)
from nagbench.rendering.by_target import by_target
from nagbench.rendering.lookup import Tables, labels, middle_target, seeds, times_at
from nagbench.rendering.prose import joined
from nagbench.rendering.tables.claims import NOT_YET, reader_name, word
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    VERDICTS,
)

_LISTED = 8  # claims that are named one by one
WHY = (NOT_TESTABLE, NOT_YET)  # whose reasons stand in a table of their own


def findings(tables: Tables) -> dict[str, str]:
    """The sentences by name."""
    found = {
        "setting": setting(tables),
        "speed": said(tables, SPEED),
        "by_target": by_target(tables).replace("it is", "NAG is", 1).replace("**", ""),
        "accuracy": said(tables, ACCURACY),
        "missing": missing(tables),
        "spread": spread(tables),
        "diverged": diverged(tables),
        "arrivals": arrivals(tables),
        "chance": chance(tables),
        "rates": rates(tables),
        "inputs": inputs(tables),
        "claims": claims(tables),
        "verdicts": verdicts(tables),
        "elsewhere": elsewhere(tables),
        "devices": devices(tables),
    }
    # The one name that is a common noun is spelt like one within a sentence.
    return {
        name: re.sub(r"(?<=[^.] )Heavy ball\b", "heavy ball", text) for name, text in found.items()
    }


def setting(tables: Tables) -> str:
    """What was trained, on what, for how long, and with how many seeds."""
    study, workload = tables["study"].iloc[0], tables["workloads"].iloc[0]
    fresh = seeds({**tables, "outcomes": _here(tables, "outcomes")})
    most = study["tuning_seeds"]
    tuned = "1 seed" if most == 1 else f"up to {most} seeds"
    return (
        f"{workload['label']} ({workload['parameters']:,} parameters) trains on "
        f"{workload['train_size']:,} of the "
        f"training images of {study['edition']} for {workload['epochs']} epochs in batches of "
        f"{workload['batch_size']}. Every optimizer that is tuned gets {_trials(tables)} settings "
        f"on {tuned}, judged on held-out images; the chosen setting "
        f"trains again from {fresh.replace(' seed', ' other seed')}."
    )


def _trials(tables: Tables) -> str:
    """How many settings were tried of those that were tuned on the first workload so far."""
    tried = _here(tables, "tuning")["trials"]
    counts = sorted(set(tried[tried > 1])) or [tables["study"]["trials"].iloc[0]]
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def said(tables: Tables, topic: Topic) -> str:
    """What the claims on a topic say of NAG; in print nothing of it is bold."""
    return sentence(tables, (topic,), iter(["NAG"])).replace("**", "")


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
    rows = rows[rows["diverged"] < rows["runs"]]  # else it is the spread of chance
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
    """How many test runs diverged at the chosen settings on the first workload, and whose. Runs
    that optimizers share, since their settings are the same, count once."""
    named, rows, tested = labels(tables), _here(tables, "stability"), _here(tables, "outcomes")
    tested = tested[tested["metric"] == "accuracy"]
    where, runs = tables["workloads"].iloc[0]["label"], tested["run"].nunique()
    if not runs:
        return "No run was tested yet."
    on = f"{runs} test runs on {where} at the settings chosen by accuracy"
    broken = rows[rows["diverged"] > 0]
    if not len(broken):
        return f"None of the {on} diverged."
    first = tested.sort_values("seed").groupby("optimizer")["run"].first()
    total, told = 0, []
    for _, those in broken.groupby(broken["optimizer"].map(first), sort=False):
        count, whose = those["diverged"].max(), joined([named[one] for one in those["optimizer"]])
        total += count
        told.append(f"{count} of {whose}" if len(those) == 1 else f"{count} that {whose} share")
    return f"Of the {on} {total} diverged: {joined(told)}."


def arrivals(tables: Tables) -> str:
    """From which epoch NAG's median run and its rivals' had held the first workload's middle
    target; empty where none was tested."""
    if not len(_here(tables, "time_to_target")):
        return ""
    workload = tables["workloads"]["workload"].iloc[0]
    goal = middle_target(tables, workload)
    medians = times_at(tables, workload, goal)["median"]
    rivals = [one for one in (SUBJECT, *RIVALS) if one in medians.index]
    known = [(medians[one], rival_name(tables, one)) for one in rivals]
    told = [f"{median:.1f} with {name}" for median, name in known if median < math.inf]
    never = joined([name for median, name in known if median == math.inf], "or")
    held = f"had held {100 * goal:g} % for three evaluations"
    if told:
        never = f"; with {never} it never did" if never else ""
        return f"In epochs, the median run {held} from epoch {joined(told)}{never}."
    return f"The median run never {held} with {never}." if never else ""


def chance(tables: Tables) -> str:
    """How often other tuning seeds would have chosen another finalist by accuracy, and at what
    loss, of NAG and its rivals; empty where that is known of none."""
    rows = _here(tables, "tuning")
    rows = rows[(rows["role"] == "accuracy") & rows["another_wins"].notna()].set_index("optimizer")
    known = [one for one in (SUBJECT, *RIVALS) if one in rows.index]
    if not known:
        return ""
    often = [
        f"{100 * rows['another_wins'][one]:.0f} % for {rival_name(tables, one)}" for one in known
    ]
    lost = [f"{100 * rows['regret'][one]:.1f}" for one in known]
    return (
        "Had the finalists met on other tuning seeds, another of them would have been chosen by "
        f"accuracy in this share of resamples: {joined(often)}, at a mean loss of {joined(lost)} "
        "points of validation accuracy."
    )


def rates(tables: Tables) -> str:
    """The learning rates and momenta that tuning chose by speed, and what they come to."""
    named, chosen = labels(tables), _here(tables, "settings")
    chosen = chosen[chosen["roles"].str.contains("speed")].set_index("optimizer")
    told, effective = [], []
    for one in ("sgd", "heavy_ball", SUBJECT):
        if one not in chosen.index:
            continue
        rate = float(chosen["learning_rate"][one])
        found = re.search(r"\bmomentum ([\d.eE+-]+)", chosen["others"][one])
        momentum = float(found[1]) if found else 0.0
        beside = f" with momentum {momentum:.4g}" if momentum else ""
        told.append(f"{named[one]} a learning rate of {rate:.2g}{beside}")
        effective.append(f"{rate / (1 - momentum):.2g}")
    if len(told) < 2:
        return ""
    return f"Tuning by speed gave {joined(told)}: effective rates η/(1 − µ) of {joined(effective)}."


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
    words = pd.Series([word(row) for row in tables["hypotheses"].itertuples()], dtype=str)
    found = words.value_counts()
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
            (NOT_YET, "waits for its runs", "wait for their runs"),
        )
        if verdict in found
    ]  # fmt: skip
    return f"Of {found.sum()} claims {joined(parts)}."


def verdicts(tables: Tables) -> str:
    """Which claims came out how, by their names, with what has to be said with each."""
    rows: list[Any] = list(tables["hypotheses"].itertuples())
    told: list[str] = []
    for verdict in (*VERDICTS, NOT_YET):
        names = [_with_remarks(row) for row in rows if word(row) == verdict]
        if verdict in (NOT_TESTABLE, NOT_YET) and len(names) > _LISTED:
            told.append(f"{len(names)} more are {verdict}." if told else f"All are {verdict}.")
        elif names:
            told.append(f"{verdict.capitalize()}: {joined(names)}.")
    return " ".join(told)


def _with_remarks(row: Any) -> str:
    name, said = reader_name(row.hypothesis), [] if word(row) in WHY else said_with(row)
    return f"{name} ({'; '.join(said)})" if said else name


def elsewhere(tables: Tables) -> str:
    """What became of the claims where the study trained again; empty if it did not."""
    if "elsewhere" not in tables:
        return ""
    places = tables["elsewhere"].groupby("place", sort=False)
    return " ".join(_of_place(tables["hypotheses"], str(place), own) for place, own in places)


def _of_place(claims: pd.DataFrame, place: str, there: pd.DataFrame) -> str:
    known = claims.set_index("hypothesis")
    tested = there[there["verdict"] != NOT_TESTABLE].set_index("hypothesis")["verdict"]
    tested = tested[tested.index.isin(known.index)]
    here = known["verdict"].loc[tested.index]
    both = here != NOT_TESTABLE
    same, common = int((here[both] == tested[both]).sum()), int(both.sum())
    told = f"On another machine ({place}) {there['runs'].iloc[0]} runs of the same study trained."
    if common == 1:
        told += (
            f" Of the one claim that both places can test the verdict is {'' if same else 'not '}"
        )
        told += "the same."
    elif common:
        kept = "all" if same == common else "none" if not same else str(same)
        told += f" Of the {common} claims that both places can test, {kept} "
        told += f"{'has' if same == 1 else 'have'} the same verdict in both."
    for verdict in VERDICTS:
        names = [name for name in tested.index[~both] if tested[name] == verdict]
        if names:
            listed = "; ".join(f"{known['claim'][name]} ({reader_name(name)})" for name in names)
            told += f" Tested there alone and {verdict}: {listed}."
    return told


def devices(tables: Tables) -> str:
    """What it means that several kinds of device trained the study; empty if one trained all."""
    if set(tables["costs"]["devices"]) <= {tables["study"].iloc[0]["device"]}:
        return ""
    claims = tables["hypotheses"]
    mixed = claims[(claims["devices"] != "") & (claims["verdict"] != NOT_TESTABLE)]
    names = joined([reader_name(name) for name in mixed["hypothesis"]]) or "none"
    return (
        "Devices of different kinds round differently, so runs of one seed part between them; "
        f"of the claims that were tested {names} compare{'s' if len(mixed) == 1 else ''} runs "
        "of more than one kind."
    )


def _here(tables: Tables, name: str) -> pd.DataFrame:
    """The rows of the first workload."""
    table = tables[name]
    return table[table["workload"] == tables["workloads"]["workload"].iloc[0]]
