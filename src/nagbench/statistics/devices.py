"""What trained runs, and where the runs that a claim compares were not all trained by one device.

Runs of one seed share everything but the rounding then, so that their pairing buys less.
"""

import json

import pandas as pd

from nagbench.statistics.roles import Selection
from nagbench.study.model import Hypothesis


def devices(runs: pd.DataFrame) -> list[str]:
    """The names of the devices, as provenance has them."""
    known = runs["provenance"].unique()
    return sorted({str(json.loads(text).get("device", "unknown")) for text in known})


def devices_compared(claim: Hypothesis, selection: Selection) -> str:
    """Those of a claim's runs; empty where one trained all, or the claim compares no runs."""
    if claim.measured.elsewhere:
        return ""
    names = devices(pd.concat(selection.of(claim.measured, arm) for arm in claim.pairs()))
    return " and ".join(names) if len(names) > 1 else ""
