"""The benchmark's workloads, its table in the terminal, and the file that keeps it."""

import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nagbench.benchmark.cases import case
from nagbench.benchmark.progress import Progress, load
from nagbench.benchmark.tournament import compete, ways
from nagbench.display.words import lasting
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
USUAL = ("seed_cnn", "resnet20")  # what is timed, in bfloat16, if nothing else is asked for
_MINUTES = 1.5  # of a table
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
    minutes: float | None,
    output: Path | None,
) -> None:
    """Print each workload's table as it is found; keep all in `output`, with the machine's name.

    Args:
        names: Of `WORKLOADS`.
        precisions: Of `PRECISIONS`; each gives a table.
        device: Where to train.
        rounds: Turns of each way.
        minutes: What all may take: 1.5 a table if None.
        output: A JSON file.
    """
    for name in names:
        if name not in WORKLOADS:
            raise InputError("nagbench bench", f"no workload {name!r}", ", ".join(WORKLOADS))
    tables = [(name, precision) for name in names for precision in precisions]
    minutes = _MINUTES * len(tables) if minutes is None else minutes
    print(
        f"{', '.join(map(' '.join, tables))}: {len(ways(device))} ways each, in {rounds} turns, "
        f"about {lasting(60 * minutes)}",
        file=sys.stderr,
    )
    busy, began, progress = load(), time.perf_counter(), Progress()
    found: list[dict[str, Any]] = []
    for done, (name, precision) in enumerate(tables, start=1):
        recipe = replace(WORKLOADS[name], precision=precision)
        until = began + 60 * minutes * done / len(tables)
        table = compete(name, recipe, device, rounds, until, progress).table()
        progress.done()
        print(text(table), flush=True)
        found += table
        if output is not None:
            command = ["nagbench bench", *names, "--device", device.partition(":")[0]]
            command += ["--rounds", str(rounds), "--minutes", f"{minutes:g}"]
            command += ["--precision", precisions[0] if len(precisions) == 1 else "both"]
            _save(output, found, device, busy, " ".join(command))


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
    output: Path, table: list[dict[str, Any]], device: str, busy: float, command: str
) -> None:
    kept = {
        "command": command,
        "machine": {**environment(device), "host": platform.machine(), "load": busy},
        "code": code_digest([]),
        "rows": table,
    }
    with atomic_path(output) as path:
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
