"""When a run counts as diverged: a rule on the losses of its steps."""

import math
from collections.abc import Iterable

from nagbench.study import Divergence


class Watch:
    """Looks at one loss after another and says when the rule first holds.

    A loss that is not finite counts at once; a loss over `factor` times the first one counts when
    it has been so for `steps` steps in a row.
    """

    def __init__(self, rule: Divergence, losses: Iterable[float] = ()) -> None:
        self._rule = rule
        self._first: float | None = None
        self._high = 0
        for loss in losses:
            self.holds_at(loss)

    def holds_at(self, loss: float) -> bool:
        """Whether the rule holds at the next step, which has this loss."""
        if not math.isfinite(loss):
            return True
        if self._first is None:
            self._first = loss
        self._high = self._high + 1 if loss > self._rule.factor * self._first else 0
        return self._high >= self._rule.steps
