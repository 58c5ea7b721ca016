"""When a run counts as diverged: a rule on the losses of its steps."""

import numpy as np

from nagbench.study import Divergence


def first_diverged_step(losses: np.ndarray, rule: Divergence) -> int | None:
    """The step (from 0) at which the rule first holds, or None.

    A loss that is not finite counts at once; a loss over `factor` times the first one counts when
    it has been so for `steps` steps in a row.
    """
    finite = np.isfinite(losses)
    broken = int(np.argmin(finite)) if not finite.all() else None
    high = finite & (losses > rule.factor * losses[0])
    length = 0
    for step in range(len(losses) if broken is None else broken):
        length = length + 1 if high[step] else 0
        if length == rule.steps:
            return step
    return broken
