"""When a run counts as diverged: a rule on the losses of its steps."""

import math
from collections.abc import Iterable


class DivergenceDetector:
    """Looks at one loss after another and says at which step the rule first holds.

    A loss that is not finite counts at once; a loss over `factor` times the first one counts when
    it has been so for `steps` steps in a row.
    """

    def __init__(self, factor: float, steps: int, losses: Iterable[float] = ()) -> None:
        """`losses` are those of the steps before, in which the rule did not hold."""
        self._factor, self._steps = factor, steps
        self._first: float | None = None
        self._high = 0
        self.seen = 0  # steps
        self.diverged_at: int | None = None  # a step, counted from 0
        for loss in losses:
            self.diverges(loss)

    def diverges(self, loss: float) -> bool:
        """Whether the rule holds at the next step, which has this loss, or held before."""
        if self.diverged_at is None and self._holds(loss):
            self.diverged_at = self.seen
        self.seen += 1
        return self.diverged_at is not None

    def breaks(self) -> None:
        """The next step cannot be taken: the run has diverged at it."""
        self.diverged_at = self.seen

    def _holds(self, loss: float) -> bool:
        if not math.isfinite(loss):
            return True
        if self._first is None:
            self._first = loss
        self._high = self._high + 1 if loss > self._factor * self._first else 0
        return self._high >= self._steps
