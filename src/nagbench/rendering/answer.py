"""What the study's claims say of NAG against its rivals, in sentences.

They are for a landing page and for a paper, and read as English whichever way each verdict falls,
so that nobody has to write them anew when runs are added.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nagbench.rendering.lookup import Tables, labels
from nagbench.rendering.prose import joined
from nagbench.rendering.tables.claims import NOT_YET, digits, ends, remarks, word
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    VERDICTS,
)

SUBJECT = "nag"
# What prose calls some; others go by their label.
RIVALS = {
    "sgd": "gradient descent",
    "heavy_ball": "heavy ball",
    "adam": "Adam",
    "nadam": "NAdam",
    "nesterov_1983": "Nesterov's sequence of 1983",
}


@dataclass(frozen=True)
class Topic:
    """What some claims are about, in words that follow "NAG" and come before a rival's name.

    Attributes:
        metrics: What these claims measure.
        direction: In which NAG is claimed to differ.
        better, worse, same: What a verdict makes of it.
        asked: The claim itself, after "whether NAG".
        noun: What is compared.
    """

    metrics: tuple[str, ...]
    direction: str
    better: str
    worse: str
    same: str
    asked: str
    noun: str

    def clause(self, verdict: str, it: str, others: list[str]) -> str:
        """The rivals against whom the verdict is the same; those tested come with their effects."""
        if verdict in (OPEN, NOT_TESTABLE):
            end = "is **open**" if verdict == OPEN else "**cannot be told**"
            return f"whether {it} {self.asked} {joined(others, 'or')} {end}"
        all_of_them = joined(others)
        if verdict == NOT_YET:
            its = f"its {self.noun}" if it == "it" else f"the {self.noun} of {it}"
            return f"{its} has **not been tested yet** against {all_of_them}"
        said = {SUPPORTED: self.better, CONTRADICTED: self.worse, NO_DIFFERENCE: self.same}
        return f"{it} {said[verdict]} {all_of_them}"


SPEED = Topic(
    ("gradients", "epochs"),
    "less",
    "is **faster** than",
    "is **slower** than",
    "is **as fast** as",
    "is faster than",
    "speed",
)
ACCURACY = Topic(
    ("accuracy",),
    "greater",
    "ends **more accurate** than",
    "ends **less accurate** than",
    "ends **as accurate** as",
    "ends more accurate than",
    "accuracy",
)
SPREAD = Topic(
    ("deviation",),
    "less",
    "**varies less** in accuracy between seeds than",
    "**varies more** in accuracy between seeds than",
    "**varies as much** in accuracy between seeds as",
    "varies less in accuracy between seeds than",
    "spread between seeds",
)
DIVERGENCE = Topic(
    ("diverged",),
    "less",
    "**diverges less often** than",
    "**diverges more often** than",
    "**diverges as often** as",
    "diverges less often than",
    "rate of divergence",
)
SENTENCES = ((SPEED,), (ACCURACY,), (SPREAD, DIVERGENCE))


def claimed(tables: Tables, topic: Topic) -> dict[str, Any]:
    """The rows of the claims on a topic of NAG against one rival, on the first workload, by rival;
    the first claim of each."""
    first = tables["workloads"]["workload"].iloc[0]
    found: dict[str, Any] = {}
    for row in tables["hypotheses"].itertuples():
        of_pair = row.workload == first and row.optimizer == SUBJECT and not row.contrast
        stated = row.statement in ("difference", "events") and row.direction == topic.direction
        if of_pair and stated and row.reference and row.metric in topic.metrics:
            found.setdefault(row.reference, row)
    return found


def rival_name(tables: Tables, rival: str) -> str:
    """What a sentence calls a rival; a name of the project's that is a noun is spelt like one."""
    return RIVALS.get(rival) or re.sub("^Heavy ball", "heavy ball", labels(tables)[rival])


def behind_the_answer(tables: Tables) -> list[Any]:
    """The rows of the claims of the three sentences, topic by topic."""
    return [
        row for topics in SENTENCES for topic in topics for row in claimed(tables, topic).values()
    ]


def sentence(tables: Tables, topics: tuple[Topic, ...], names: Iterator[str]) -> str:
    """One sentence on the topics; `names` are what NAG is called in it, then it is "it"."""
    clauses = [clause for topic in topics for clause in _clauses(tables, topic, names)]
    if not clauses:
        about = joined([topic.noun for topic in topics], "or")
        return f"The study has no claim that compares NAG's {about} with one rival's."
    said = "; ".join(clauses)
    return f"{said[0].upper()}{said[1:]}."


def _clauses(tables: Tables, topic: Topic, names: Iterator[str]) -> Iterator[str]:
    """One for each verdict that some of the topic's claims have, decided ones first."""
    rivals: dict[str, list[str]] = {verdict: [] for verdict in (*VERDICTS, NOT_YET)}
    for rival, row in claimed(tables, topic).items():
        named = rival_name(tables, rival)
        rivals[word(row)].append(named if row.waits else f"{named} ({_found(tables, row)})")
    for verdict, others in rivals.items():
        if others:
            yield topic.clause(verdict, next(names, "it"), others)


def _found(tables: Tables, row: Any) -> str:
    """What was measured, and what has to be said with the verdict."""
    said = [] if row.verdict == NOT_TESTABLE else [_amount(tables, row)]
    if row.verdict == NO_DIFFERENCE:
        said.append("within the margin")
    return "; ".join([*said, *said_with(row)])


def said_with(row: Any) -> list[str]:
    """What has to be said with a verdict, but for the conditions, which the scope says."""
    return [one for one in remarks(row).split("; ") if one and one != "under our conditions"]


def _amount(tables: Tables, row: Any) -> str:
    """The effect with its interval; without a sign where the verdict says the direction."""
    if math.isnan(row.effect):
        return str(row.statistic)
    decided = row.verdict in (SUPPORTED, CONTRADICTED)
    said = f"by {amount(row, '')}" if decided else amount(row, "+")
    if row.metric != "gradients":
        return said
    epochs = row.effect / _epoch(tables)
    form = f"{abs(epochs):.1f}" if decided else f"{epochs:+.1f}".replace("-", "−")
    return f"{said}, {form} epochs"


def amount(row: Any, sign: str) -> str:
    """The effect with its interval, in the unit of print; without `sign` turned positive."""
    turn = -1 if not sign and row.effect < 0 else 1
    low, high = sorted(turn * row.scale * end for end in ends(row))
    form = f"{sign},.{digits(row)}f"
    mean = turn * row.scale * row.effect
    return f"{mean:{form}} {row.unit} [{low:{form}}, {high:{form}}]".replace("-", "−")


def _epoch(tables: Tables) -> float:
    """Gradients in an epoch of the first workload: one for each step."""
    workload, times = tables["workloads"].iloc[0], tables["times_below"]
    own = times[(times["workload"] == workload["workload"]) & (times["clock"] == "gradients")]
    return float(own["horizon"].iloc[0] / workload["epochs"])
