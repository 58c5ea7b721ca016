"""How long a study takes on this machine, from a few timed steps of each of its workloads."""

import os
import time
from dataclasses import dataclass

import numpy as np
import torch

from nagbench.data import SETS
from nagbench.data.resident import ResidentSet
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.study import STAGES, Run, Study, Workload
from nagbench.training.lane import Lane, compute_dtype

_STEPS = 6


@dataclass(frozen=True)
class Estimate:
    """The size of a study, and the hours it would take with the runs in parallel on this device."""

    units: int
    runs: int
    hours: float


def estimate(study: Study, device: str) -> Estimate:
    """Time each workload with gradient descent on noise and add up the study's runs."""
    lanes = 1 if device == "cuda" else len(os.sched_getaffinity(0))
    runs, seconds = 0, 0.0
    for workload in study.workloads.values():
        step, image = _seconds(workload, torch.device(device))
        training, test = SETS[study.data]
        size = workload.train_size or training - study.validation_size
        for stage in STAGES:
            units = [u for u in study.units(stage) if u.workload.name == workload.name]
            judged = study.validation_size + (test if stage == "test" else 0)
            one = workload.epochs * (size // workload.batch_size * step + judged * image)
            trials = study.tuning.trials if stage == "tune" else 1
            count = sum(trials * len(unit.seeds) for unit in units)
            runs += count
            seconds += count * one
    return Estimate(len(study.units()), runs, seconds / 3600 / lanes)


def _seconds(workload: Workload, device: torch.device) -> tuple[float, float]:
    """Seconds of a training step, and of evaluating one image."""
    if device.type == "cpu":
        torch.set_num_threads(1)
    noise = np.random.default_rng(0)
    count = _STEPS * workload.batch_size
    pixels = noise.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    labels = noise.integers(0, 10, count)
    dtype = compute_dtype(workload.precision)
    data = ResidentSet.place(pixels, labels, workload.padding, device, dtype)
    lane = Lane(Run(0, 0, {"lr": 1e-6}, {}), workload, CATALOGUE["sgd"], device)
    lane.train_epoch(0, data)
    began = time.perf_counter()
    lane.train_epoch(1, data)
    trained = time.perf_counter()
    lane.evaluate(data)
    return (trained - began) / _STEPS, (time.perf_counter() - trained) / count
