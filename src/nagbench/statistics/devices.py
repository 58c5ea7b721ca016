"""What trained the runs that a claim compares, where that was more than one kind of device.

Runs of one seed share everything but the rounding then, so that their pairing buys less.
"""

import json

import pandas as pd

from nagbench.statistics.roles import Selection
from nagbench.study.model import Hypothesis


def devices(claim: Hypothesis, selection: Selection) -> str:
    """The devices' names; empty where one trained all, or the claim compares no runs."""
    if claim.measured.elsewhere:
        return ""
    runs = pd.concat(selection.of(claim.measured, arm) for arm in claim.pairs())
    names = {json.loads(text).get("device", "unknown") for text in runs["provenance"].unique()}
    return " and ".join(sorted(names)) if len(names) > 1 else ""
