"""Takes the place of `nagbench` on the cluster of one machine, whose GPUs are none.

It trains on the CPU where a GPU is asked for, is as slow as the file `seconds` beside it says, and
adds to the file `epochs` a line for every epoch: the job's number in Slurm, the GPUs it was given,
and the unit.
"""

import os
import sys
import time
from pathlib import Path

from nagbench.cli import main

HERE = Path(__file__).parent


def slow(_: object) -> bool:
    """In place of `Checkpoint.due`, which is asked after every epoch but a run's last."""
    unit = sys.argv[sys.argv.index("--unit") + 1]
    job, gpus = (os.environ.get(name, "") for name in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"))
    with (HERE / "epochs").open("a", encoding="utf-8") as notes:
        notes.write(f"{job}|{gpus}|{unit}\n")
    time.sleep(float((HERE / "seconds").read_text(encoding="utf-8")))
    return True


if __name__ == "__main__":
    sys.argv = [sys.argv[0], *("cpu" if word == "cuda" else word for word in sys.argv[1:])]
    if sys.argv[1] == "train":
        from nagbench.runner.checkpoint import Checkpoint

        Checkpoint.due = slow  # type: ignore[method-assign]
    raise SystemExit(main())
