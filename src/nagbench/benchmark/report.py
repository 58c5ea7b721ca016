"""The benchmark's workloads, its table in the terminal, and the file that keeps it."""

import json
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nagbench.benchmark.cases import case
from nagbench.benchmark.tournament import compete
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.runner.provenance import environment
from nagbench.sources import code_digest

WORKLOADS = {
    "seed_cnn": case("seed_cnn"),
    "resnet20": case("resnet20"),
    "resnet18": case("resnet18"),
    "fastnet": case("fastnet", 1024, 8, label_smoothing=0.2),
}
PRECISIONS = ("bfloat16", "float32")
_COLUMNS = {
    "workload": "{}", "precision": "{}", "way": "{}", "images_per_second": "{:,.0f}",
    "lowest": "{:,.0f}", "highest": "{:,.0f}", "over_plain": "{:.2f}", "over_careful": "{:.2f}",
    "runs_per_hour": "{:,.1f}", "seconds_per_1000_runs": "{:,.0f}", "share_of_matrix": "{:.1%}",
    "share_of_memory": "{:.1%}", "megabytes": "{:,.0f}",
}  # fmt: skip


def bench(
    names: Sequence[str],
    precisions: Sequence[str],
    device: str,
    rounds: int,
    seconds: float,
    output: Path | None,
) -> None:
    """Print each workload's table as it is found; keep all in `output`, with the machine's name."""
    for name in names:
        if name not in WORKLOADS:
            raise InputError("nagbench bench", f"no workload {name!r}", ", ".join(WORKLOADS))
    found: list[dict[str, Any]] = []
    for name in names:
        for precision in precisions:
            recipe = replace(WORKLOADS[name], precision=precision)
            table = compete(name, recipe, device, rounds, seconds).table()
            print(text(table), flush=True)
            found += table
            if output is not None:
                _save(output, found, device, rounds, seconds)


def text(table: list[dict[str, Any]]) -> str:
    """Columns under their names."""
    rows = [list(_COLUMNS)] + [
        [form.format(row[name]) for name, form in _COLUMNS.items()] for row in table
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def _save(
    output: Path, table: list[dict[str, Any]], device: str, rounds: int, seconds: float
) -> None:
    kept = {
        "command": f"nagbench bench --device {device} --rounds {rounds} --seconds {seconds:g}",
        "machine": {**environment(device), "host": platform.machine()},
        "code": code_digest([]),
        "rows": table,
    }
    with atomic_path(output) as path:
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
