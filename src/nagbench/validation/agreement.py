"""Whether the engine and a plain loop agree, from what `cross_check` trained with both."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

PLAIN = "plain"  # the way of the plain loop
LEVEL = 0.95  # of intervals


@dataclass(frozen=True)
class Setting:
    """What both train with."""

    rate: float = 0.03
    momentum: float = 0.9
    batch_size: int = 128
    epochs: int = 3


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each way.

    Columns: `way`; `runs`; `mean` and `deviation` of their accuracies; `difference` of that mean
    from the plain loop's, with the ends `low` and `high` of Welch's interval at 95 % (NaN for
    itself); the setting; `data`, the edition of the images.
    """
    plain = table["accuracy"][table["way"] == PLAIN]
    rows = []
    for way, accuracy in table.groupby("way", sort=False)["accuracy"]:
        low = high = difference = np.nan
        if way != PLAIN:
            ends = ttest_ind(accuracy, plain, equal_var=False).confidence_interval(LEVEL)
            difference, low, high = accuracy.mean() - plain.mean(), ends.low, ends.high
        spread = {"mean": accuracy.mean(), "deviation": accuracy.std(ddof=1)}
        apart = {"difference": difference, "low": low, "high": high}
        rows.append({"way": way, "runs": len(accuracy), **spread, **apart})
    alike = [*(entry.name for entry in fields(Setting)), "data"]
    return pd.DataFrame(rows).assign(**table[alike].iloc[0])
