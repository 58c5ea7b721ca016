"""The command that trains in rented slots of minutes."""

import argparse
from pathlib import Path

from nagbench.commands.verbs import Verbs, device, files


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "session",
        _session,
        "train for some minutes, and keep all in few small archives",
        runs_code=True,
    )
    added.add_argument("study", help="a plan (.json) of `nagbench plan --output`, or a study")
    files(added, output="where the archives go; those there are gone on from")
    added.add_argument("--minutes", type=float, required=True, help="from start to end")
    added.add_argument(
        "--earlier", type=Path, nargs="+", default=[], help="folders of earlier archives"
    )
    added.add_argument("--data", type=Path, help="what `nagbench data` made")
    added.add_argument("--units", default="*", help="units of that pattern (default: all)")
    added.add_argument(
        "--no-checks", action="store_true", help="without the tests and the bench at its start"
    )
    device(added)


def _session(options: argparse.Namespace) -> int:
    from nagbench.session.campaign import Campaign, run

    return run(
        Campaign(
            options.study,
            options.output,
            options.earlier,
            options.minutes,
            options.device,
            options.data,
            options.units,
            not options.no_checks,
        )
    )
