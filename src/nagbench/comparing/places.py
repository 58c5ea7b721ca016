"""Where and with what runs trained, in words."""

import json
from collections.abc import Mapping

import pandas as pd

_TOLD = {
    "Device": "device",
    "Instructions": "instructions",
    "torch": "torch",
    "Precision": "precision",
    "Runs side by side on a device": "lanes",
    "Execution": "execution",
    "Code": "code",
}


def place(runs: pd.DataFrame) -> Mapping[str, str]:
    """By what is told, what the records of runs say; unlike ones beside each other."""
    made = [json.loads(text) for text in runs["provenance"]]
    told = {
        label: " / ".join(dict.fromkeys(str(one.get(key, "not recorded")) for one in made))
        for label, key in _TOLD.items()
    }
    days = dict.fromkeys([runs["started"].min()[:10], runs["ended"].max()[:10]])
    return told | {"Trained": " to ".join(days)}
