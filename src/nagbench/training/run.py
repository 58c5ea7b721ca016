"""One run from its beginning, or from a checkpoint, to its end."""

import math
from dataclasses import asdict

import numpy as np
import torch

from nagbench.records import CURVE
from nagbench.study import Run, Unit
from nagbench.training.checkpoint import Checkpoint
from nagbench.training.clock import now
from nagbench.training.divergence import Watch
from nagbench.training.evaluation import evaluate, judged_weights
from nagbench.training.lane import Lane
from nagbench.training.outcome import Outcome, epoch_measures
from nagbench.training.schedules import factors
from nagbench.training.splits import Splits


class RunInTraining:
    """A lane, what it has left so far, and when it is over."""

    def __init__(
        self,
        run: Run,
        unit: Unit,
        splits: Splits,
        device: torch.device,
        checkpoint: Checkpoint,
    ) -> None:
        self.run, self.unit, self.splits, self.checkpoint = run, unit, splits, checkpoint
        self.lane = Lane(run, unit.workload, unit.optimizer, device, splits.train)
        self.outcome = Outcome()
        self.losses = np.empty(0)
        self.epoch = 0  # the last one trained
        kept = checkpoint.load(device)
        if kept is None:
            nothing = dict.fromkeys(CURVE, math.nan)
            self._append({**nothing, "learning_rate": self.lane.learning_rate()})
        else:
            self.lane.restore(kept["lane"])
            self.outcome = Outcome(**kept["outcome"])
            self.losses = kept["losses"].numpy()
            self.epoch = kept["epoch"]
        self.watch = Watch(unit.study.divergence, self.losses)
        self._seen = 0  # steps of the epoch that the rule has seen
        self._diverged: int | None = None  # the one at which it held

    @property
    def over(self) -> bool:
        """Whether its last epoch is trained, or it has diverged."""
        return self.epoch == self.unit.workload.epochs or self.outcome.status == "diverged"

    def begin_epoch(self, tables: list[torch.Tensor]) -> None:
        """Make the lane ready for the next epoch, of which these are the plan's tables."""
        scale = None
        if not self.unit.optimizer.own_schedule:
            losses = self.outcome.curve["validation_loss"]
            scale = factors(self.unit.workload, self.epoch + 1, self.lane.steps, losses)
        self.lane.begin_epoch(tables, scale)
        self._seen, self._diverged = 0, None

    def diverges_at(self, loss: float) -> bool:
        """Whether the next step, of this loss, is the one at which the run has diverged."""
        if self.watch.holds_at(loss):
            self._diverged = self._seen
        self._seen += 1
        return self._diverged is not None

    def breaks(self) -> None:
        """The next step cannot be taken: the run has diverged at it."""
        self._seen = self._diverged = len(self.lane.evaluations)

    def end_epoch(self, seconds: float) -> None:
        """Take in the epoch that the lane has trained, in `seconds`, and judge it.

        What a lane did after the step at which it diverged, for it may have had to go on beside
        others, counts for nothing.
        """
        self.epoch += 1
        steps = self.lane.measured()
        before = len(self.losses)
        while self._diverged is None and self._seen < len(steps):
            self.diverges_at(steps[self._seen, 0])
        diverged = self._diverged
        taken = steps if diverged is None else steps[: diverged + 1]
        self.losses = np.concatenate([self.losses, taken[:, 0]])
        self.outcome.train_seconds += seconds
        self.outcome.gradient_evaluations += sum(self.lane.evaluations[: len(taken)])
        if diverged is None:
            measured = epoch_measures(steps, self.losses)
            measured["learning_rate"] = self.lane.learning_rate()
            if self._append(measured):
                return
            diverged = len(steps)  # the last step broke the weights, which no step has seen
        self.outcome.status, self.outcome.diverged_step = "diverged", before + diverged

    def save(self) -> None:
        """Leave a checkpoint, from which the run goes on to the same end."""
        self.checkpoint.save(
            {
                "lane": self.lane.state(),
                "outcome": asdict(self.outcome),
                "losses": torch.from_numpy(self.losses),
                "epoch": self.epoch,
            }
        )

    def _append(self, measured: dict[str, float]) -> bool:
        """Evaluate and add to the curve; False, and nothing added, if the weights are broken."""
        began = now(self.lane.device)
        with judged_weights(self.lane):
            validation = evaluate(self.lane, self.splits.validation)
            test = (math.nan, math.nan)
            if self.unit.stage == "test":
                test = evaluate(self.lane, self.splits.test)
        self.outcome.evaluation_seconds += now(self.lane.device) - began
        if not math.isfinite(validation[0]):
            return False
        for part, (loss, accuracy) in (("validation", validation), ("test", test)):
            measured |= {f"{part}_loss": loss, f"{part}_accuracy": accuracy}
        self.outcome.append(measured)
        return True
