"""Made-up learning curves, and the commands that judge them."""

from pathlib import Path

import numpy as np
import pandas as pd

from nagbench.judging.curves import Curves, checked
from nagbench.judging.judgement import Judgement, Question, judge
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read

# Other people's runs, where they lie beside the repository; they are no part of it.
PUBLIC = Path(__file__).parents[3] / "shared/data/track3.csv"
HEAD = "optimizer,run,step,val_loss\n"


def frame(
    finals: dict[str, list[float]], steps: int | dict[str, int] = 100, every: int = 20
) -> pd.DataFrame:
    """Losses that fall from 2 to each final value in straight lines; NaN: diverges half-way."""
    rows = []
    for optimizer, values in finals.items():
        end = steps if isinstance(steps, int) else steps[optimizer]
        for run, final in enumerate(values):
            for step in range(0, end + 1, every):
                broken = np.isnan(final) and step > end / 2
                goal = 1.0 if np.isnan(final) else final
                value = np.nan if broken else 2 + (goal - 2) * step / end
                rows.append((optimizer, run, step, value))
    return pd.DataFrame(rows, columns=["optimizer", "run", "step", "val_loss"])


def noisy(count: dict[str, int], means: dict[str, float], seed: int = 0) -> dict[str, list[float]]:
    """Normal final values of deviation 0.01 round each mean."""
    noise = np.random.default_rng(seed)
    return {name: list(noise.normal(means[name], 0.01, n)) for name, n in count.items()}


def written(folder: Path, table: pd.DataFrame, name: str = "curves.csv") -> Path:
    path = folder / name
    table.to_csv(path, index=False, na_rep="nan")
    return path


def curves(folder: Path, table: pd.DataFrame, **said: object) -> Curves:
    """As the command reads a file of them."""
    return checked([read(written(folder, table), Wanted())], **said)  # type: ignore[arg-type]


def judged(folder: Path, table: pd.DataFrame, **asked: object) -> Judgement:
    return judge(curves(folder, table), Question(**asked))  # type: ignore[arg-type]


def made_up_file(folder: Path) -> Path:
    """A small file like the public one: groups of one to twelve runs, of unequal lengths."""
    count = {"a": 12, "b": 9, "c": 5, "d": 2, "e": 1, "f": 8}
    means = {"a": 1.0, "b": 1.003, "c": 1.02, "d": 1.05, "e": 0.99, "f": 1.2}
    steps = {"a": 300, "b": 300, "c": 200, "d": 500, "e": 240, "f": 300}
    table = frame(noisy(count, means), steps)
    table.insert(3, "steps", table["optimizer"].map(steps))
    return written(folder, table, "made_up.csv")
