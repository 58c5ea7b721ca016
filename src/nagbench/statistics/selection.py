"""The runs of one workload and optimizer."""

import pandas as pd


def runs_of(runs: pd.DataFrame, workload: str, optimizer: str) -> pd.DataFrame:
    """Those of `runs` that trained `workload` with `optimizer`."""
    return runs[(runs["workload"] == workload) & (runs["optimizer"] == optimizer)]
