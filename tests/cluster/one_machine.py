"""Slurm on this machine alone, for as long as a test needs it: munge, slurmctld and slurmd.

Everything is in one folder and listens on ports of its own, so no cluster that the machine
belongs to is touched. The node has GPUs that are none: Slurm gives them to jobs as it gives real
ones, by `CUDA_VISIBLE_DEVICES`.
"""

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import psutil

from waiting import living, wait_for

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
# Debian has these where only root looks.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
GPUS = 2
MEMORY = 20000  # MB that the node says it has, whatever the machine holds
SLURM = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
SlurmdParameters=config_overrides
KillWait=30
MinJobAge=300
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
GRES = "NodeName=node Name=gpu File=/dev/null\nNodeName=node Name=gpu File=/dev/zero\n"


def missing() -> list[str]:
    """The programs that Debian's packages `munge` and `slurm-wlm` bring and this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]


class OneMachine:
    """A cluster of one node; a context manager that leaves no process behind.

    Attributes:
        folder: Where its configuration, state and logs are.
        settings: What a process needs in its environment to speak to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder}/bin:{PATH}"}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for name in ("", "state", "spool", "bin"):
            (self.folder / name).mkdir(mode=0o755, exist_ok=True)
        self._configure()
        try:
            key, socket_ = self.folder / "munge.key", self.folder / "munge.socket"
            self._call("mungekey", "--create", f"--keyfile={key}")
            self._start(
                "munged", "--foreground", "--force", "--num-threads=2",
                f"--key-file={key}", f"--socket={socket_}", f"--pid-file={self.folder}/munged.pid",
                f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munged.seed",
            )  # fmt: skip
            wait_for(socket_.exists, what="munged listens")
            self._start("slurmctld", "-D", "-c")
            wait_for(
                lambda: "is UP" in self._call("scontrol", "ping"),
                what="slurmctld answers",
                seconds=60,
            )
            self.start_node()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what belongs here, known by its environment: daemons, steps, and what jobs left."""
        until = time.monotonic() + 30
        while (mine := self._processes()) and time.monotonic() < until:
            for process in mine:
                process.kill()
            psutil.wait_procs(mine, timeout=1)
        for process in self._running.values():
            process.wait()
        assert not mine, f"left behind: {mine}"

    def start_node(self) -> None:
        self._start("slurmd", "-D", "-N", "node")
        wait_for(lambda: self.node() in ("IDLE", "MIXED"), what="the node is ready")

    def lose_node(self) -> None:
        """The node is gone with its jobs, whose end nobody reports, as in a power failure."""
        mine = self._processes()
        daemons = [one for one in mine if one.info["name"] in ("slurmd", "slurmstepd")]
        jobs = [one for one in mine if "SLURM_JOB_ID" in one.info["environ"]]
        for process in (*daemons, *jobs):
            process.kill()
        self._running.pop("slurmd").wait()

    def node(self) -> str:
        """The node's state, in Slurm's words."""
        found = re.search(r"State=([A-Z]+)", self._call("scontrol", "show", "node", "node"))
        assert found is not None
        return found[1]

    def jobs(self) -> list[tuple[str, str, str]]:
        """Number, state and comment of every job, ended ones too; of Snakemake's, the comment
        names rule and wildcards."""
        said = self._call("squeue", "--noheader", "--states=all", "--format=%i|%T|%k")
        return [tuple(line.split("|")) for line in said.splitlines()]  # type: ignore[misc]

    def state(self, job: str) -> str:
        """The state of one of the jobs."""
        return next(state for number, state, _ in self.jobs() if number == job)

    def cancel(self, job: str) -> None:
        self._call("scancel", job)

    def _configure(self) -> None:
        own = {
            "folder": self.folder,
            "host": socket.gethostname(),
            "user": getpass.getuser(),
            "cpus": os.cpu_count(),
            "memory": MEMORY,
            "gpus": GPUS,
            "controller": free_port(),
            "node": free_port(),
        }
        (self.folder / "slurm.conf").write_text(SLURM.format(**own), encoding="utf-8")
        (self.folder / "gres.conf").write_text(GRES, encoding="utf-8")
        version = re.search(r"(\d+)\.(\d+)", self._call("slurmd", "-V"))
        assert version is not None
        if (int(version[1]), int(version[2])) >= (23, 2):  # older ones start without control groups
            (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n", encoding="utf-8")
        # Snakemake's plugin keeps nearly all that begins with SLURM_ from `srun`.
        srun = self.folder / "bin" / "srun"
        conf, real = self.settings["SLURM_CONF"], shutil.which("srun", path=PATH)
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {real} "$@"\n', encoding="utf-8")
        srun.chmod(0o755)

    def _start(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.output").open("ab") as output:
            self._running[program] = subprocess.Popen(
                [program, *arguments],
                env=os.environ | self.settings,
                stdout=output,
                stderr=subprocess.STDOUT,
                executable=shutil.which(program, path=PATH),
            )

    def _call(self, *words: str) -> str:
        ended = subprocess.run(
            words,
            env=os.environ | self.settings,
            executable=shutil.which(words[0], path=PATH),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.stdout + ended.stderr

    def _processes(self) -> list[psutil.Process]:
        """Those that were started with this cluster's configuration in their environment."""
        return living("SLURM_CONF", self.settings["SLURM_CONF"])


def free_port() -> int:
    """One on which nothing listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
