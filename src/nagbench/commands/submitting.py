"""The command that packs a stranger's study for a pull request, checks such a folder, lists all."""

import argparse
import subprocess
import sys
from pathlib import Path

from nagbench.commands.verbs import Verbs, device
from nagbench.errors import InputError


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "submit",
        _submit,
        "pack your study with code and records for a pull request, or check one",
        runs_code=True,
    )
    added.add_argument(
        "action",
        choices=["pack", "check", "list"],
        help="check: sums, completeness, and a few runs trained again; list: what all found, as a "
        "table in Markdown",
    )
    added.add_argument("place", nargs="+", help="to pack, a study's file; else folders of such")
    added.add_argument("--who", help="to pack: your name")
    added.add_argument("--link", default="", help="to pack: where more is to be read")
    added.add_argument("--records", type=Path, help="to pack (default: results/STUDY/records)")
    added.add_argument("--output", type=Path, help="to pack (default: submissions/STUDY)")
    added.add_argument("--data", type=Path, help="to check: what `nagbench data` made")
    added.add_argument(
        "--runs", type=int, default=3, help="to check: how many to train again (default: 3)"
    )
    device(added)


def _submit(options: argparse.Namespace) -> int | None:
    from nagbench.submission import board, check, pack, read

    if options.action == "list":
        print(board(map(Path, options.place)), end="")
        return None
    if options.action == "check":
        for folder in map(Path, options.place):
            study, runs, _ = check(folder)
            print(f"{folder}: {len(runs)} runs of {study.name}, whole and as they were packed")
            if status := _train_again(folder, read(folder).study, options):
                return status
        return None
    if options.who is None:
        raise InputError("--who", "missing", "your name, as the leaderboard is to show it")
    if len(options.place) > 1:
        raise InputError("place", f"{len(options.place)} studies", "one study's file to pack")
    (named,) = options.place
    name = Path(named).stem
    records = options.records or Path("results", name, "records")
    folder = options.output or Path("submissions", name)
    said = pack(named, records, options.who, options.link, folder)
    print(
        f"{len(said.files)} files in {folder}. Check it as the project will, and open a pull "
        f"request:\n  nagbench submit check {folder} --data results/data/DATA.npz"
    )
    return None


def _train_again(folder: Path, study: str, options: argparse.Namespace) -> int:
    """A few runs, in the folder, as their author did; in a process of its own, for the code is a
    stranger's, and without leaving bytecode (-B) among the files that were packed."""
    if not options.runs:
        return 0
    if options.data is None:
        raise InputError("--data", "missing", "the data, to train runs again; or --runs 0")
    words = ["verify", study, "--records", "records", "--runs", str(options.runs)]
    words += ["--data", str(options.data.resolve()), "--device", options.device]
    return subprocess.run(
        [sys.executable, "-B", "-m", "nagbench", *words], cwd=folder, check=False
    ).returncode
