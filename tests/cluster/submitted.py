"""The workflow on the cluster of one machine: Snakemake here, its jobs in Slurm."""

import os
import signal
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from checkout import Checkout
from one_machine import OneMachine

from nagbench.records import digest, read_tables
from waiting import wait_for

RECORDS = "results/micro/records"
PLUGIN = "snakemake_executor_plugin_slurm"
# As docs/how-to/cluster.md says to type it; looking for ended jobs sooner than every 40 seconds.
COMMAND = ("--cores", "all", "--profile", "workflow/profiles/slurm")
SOON = ("--slurm-init-seconds-before-status-checks", "3")


class Epoch(NamedTuple):
    """An epoch that was trained: in which of Slurm's jobs, on which GPUs, and of which unit."""

    job: str
    gpus: str
    unit: str


class Submitted:
    """A working copy of the repository, and Snakemake that trains in it through Slurm."""

    def __init__(self, checkout: Checkout, cluster: OneMachine) -> None:
        self.folder, self._cluster = checkout.folder, cluster
        self._environment = checkout.environment() | {"SLURM_CONF": cluster.settings["SLURM_CONF"]}
        own = self._environment["PATH"]
        self._environment["PATH"] = f"{cluster.folder}/bin:{own}:{cluster.settings['PATH']}"
        plugin = find_spec(PLUGIN)
        assert plugin is not None
        self._environment["PYTHONPATH"] += f"{os.pathsep}{Path(str(plugin.origin)).parents[1]}"
        self._output = self.folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, slowly: float = 0.0) -> None:
        """Type Snakemake's command with these words more; every epoch takes so many seconds."""
        (self.folder / "bin" / "seconds").write_text(str(slowly), encoding="utf-8")
        snakemake = Path(sys.executable).with_name("snakemake")
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [snakemake, *COMMAND, *SOON, *words],
                cwd=self.folder,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def finish(self, seconds: float = 600) -> str:
        """What Snakemake said until it ended, well."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not within {seconds:.0f} s: {self.said()}") from None
        assert self._process.returncode == 0, self.said()
        return self.said()

    def end(self) -> None:
        """Whatever happened: Snakemake ends, and its jobs with it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def epochs(self) -> list[Epoch]:
        """The epochs that were trained so far, but for each run's last."""
        notes = self.folder / "bin" / "epochs"
        if not notes.is_file():
            return []
        return [Epoch(*line.split("|")) for line in notes.read_text(encoding="utf-8").splitlines()]

    def half_way(self, unit: str, epochs: int = 3) -> str:
        """Wait until a unit has trained so many epochs; the number of its job in Slurm."""
        wait_for(
            lambda: Counter(epoch.unit for epoch in self.epochs())[unit] >= epochs,
            self._process,
            what=f"{unit} trains",
        )
        return next(epoch.job for epoch in self.epochs() if epoch.unit == unit)

    def records(self) -> str:
        """What the study's records say, times apart."""
        return digest(*read_tables(self.folder / RECORDS))
