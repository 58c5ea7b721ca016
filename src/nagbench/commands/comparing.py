"""The command that trains an optimizer from outside beside a study's, and says how it did."""

import argparse
import shlex
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nagbench.commands.training import Job, images_of, train_jobs
from nagbench.commands.verbs import Verbs, device, study
from nagbench.errors import InputError

if TYPE_CHECKING:
    from nagbench.comparing.committed import Committed
    from nagbench.study.model import Study
    from nagbench.study.unit import Unit


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "compare",
        _compare,
        "train your optimizer by a study's protocol, beside its baseline, into a card",
        runs_code=True,
    )
    added.add_argument(
        "reference", help="file.py:Class, module:Class, a function, or a row of the catalogue"
    )
    added.add_argument("--study", required=True, help="whose protocol, seeds and records are used")
    added.add_argument("--workload", help="of the study (default: its first)")
    added.add_argument("--baseline", help="of the study's optimizers (default: its own baseline)")
    added.add_argument("--name", help="of the newcomer, in files (default: from its class)")
    added.add_argument("--label", help="what it is called in print (default: its class)")
    added.add_argument(
        "--settings", nargs="+", default=[], metavar="NAME=VALUE", help="unlike its defaults"
    )
    added.add_argument(
        "--space",
        nargs="+",
        default=[],
        metavar="NAME=LOW:HIGH[:SCALE]",
        help="what tuning searches (default: lr, 30 times to either side of its default)",
    )
    added.add_argument("--untuned", action="store_true", help="search nothing")
    added.add_argument(
        "--entry", type=Path, help="its whole entry, as a study has it (.yaml), in their place"
    )
    added.add_argument(
        "--precision",
        choices=["bfloat16", "float32"],
        help="in place of the workload's; then all that is compared trains here",
    )
    added.add_argument("--quick", action="store_true", help="as few seeds as can show anything")
    added.add_argument("--estimate", action="store_true", help="say what it takes, and stop")
    added.add_argument("--records", type=Path, help="default: paper/records/STUDY, if it is there")
    added.add_argument("--data", type=Path, help="what `nagbench data` made")
    added.add_argument(
        "--results", type=Path, default=Path("results"), help="the folder that the workflow uses"
    )
    added.add_argument("--minutes", type=float, help="stop in time, and keep what was trained")
    device(added)

    added = verbs.add(
        "shift", _shift, "how a study's runs from another place differ, and their verdicts"
    )
    study(added)
    added.add_argument("here", type=Path, help="a folder of records")
    added.add_argument("there", type=Path, help="another one")
    added.add_argument("--file", type=Path, help="write them there, between the marks of `shift`")


def _shift(options: argparse.Namespace) -> None:
    from nagbench.comparing.replication import replication
    from nagbench.files import atomic_path
    from nagbench.rendering.readme import replaced
    from nagbench.study.file import load_study

    found = replication(load_study(options.study), options.here, options.there)
    if options.file is None:
        print(found, end="")
        return
    text = replaced(options.file.read_text(encoding="utf-8"), "shift", found, str(options.file))
    with atomic_path(options.file) as path:
        path.write_text(text, encoding="utf-8")


def _compare(options: argparse.Namespace) -> int | None:
    from nagbench.comparing.committed import committed
    from nagbench.comparing.newcomer import newcomer
    from nagbench.comparing.study import comparison, write
    from nagbench.display.training import TrainingDisplay
    from nagbench.engine.variables import check_variables
    from nagbench.runner.all_units import matching, record_path
    from nagbench.runner.references import check_references
    from nagbench.sources import Snapshot
    from nagbench.study.file import load_study
    from nagbench.study.plan import units

    check_variables()
    code = Snapshot()
    if options.minutes is not None and not options.minutes > 0:
        raise InputError("--minutes", f"found {options.minutes:g}", "a number above 0")
    new = newcomer(
        options.reference, options.name, options.label, options.settings, options.space,
        options.entry, options.untuned,
    )  # fmt: skip
    study, content = comparison(
        options.study, new, options.baseline, options.workload, options.precision, options.quick
    )
    (workload,) = study.workloads
    planned = matching(units(study), "*")
    check_references(planned)
    write(options.results / study.name / f"{study.name}.yaml", content)
    images = images_of(planned[0], options)
    base = load_study(options.study)
    records = options.records or Path("paper/records", base.name)
    known = committed(base, workload, records, images.edition)
    tunes = next(one for one in planned if one.name == f"tune/{workload}/{study.baseline}")
    taken = known is not None and known.put_tuning(tunes, record_path(options.results, tunes))
    trained = [one for one in planned if not (taken and one is tunes)]
    _say_what_it_takes(trained, options)
    if options.estimate:
        return None
    display = TrainingDisplay(study.name)
    status = train_jobs(_jobs(trained, planned, options), _as_training(options), code, display)
    if not status:
        _show(study, planned, known if taken else None, taken, options)
    return status


def _jobs(
    trained: "Sequence[Unit]", planned: "Sequence[Unit]", options: argparse.Namespace
) -> list[Job]:
    from functools import partial

    from nagbench.runner.all_units import choice_for, record_path

    results = options.results
    return [
        Job(one, record_path(results, one), partial(choice_for, one, planned, results))
        for one in trained
    ]


def _as_training(options: argparse.Namespace) -> argparse.Namespace:
    """The options as training has them. No run may come from committed records, so the store is
    another than that of the workflow; comparisons share it."""
    own = {"store": options.results / "compared", "lanes": None, "unit": None, "strict": False}
    return argparse.Namespace(**{**vars(options), **own})


def _say_what_it_takes(trained: "Sequence[Unit]", options: argparse.Namespace) -> None:
    """Time and memory; without instructions for bfloat16 both precisions' are told, and the user
    has to choose."""
    from dataclasses import replace

    from nagbench.display.words import lasting
    from nagbench.runner.devices import has_bfloat16, resolve
    from nagbench.runner.estimate import estimate

    backend = resolve(options.device)
    size = estimate(trained, backend)
    told = (
        f"{size.runs} runs: about {lasting(size.seconds)} on this {backend}, in "
        f"{size.memory() / 1e9:.1f} GB beside what the libraries take"
    )
    print(textwrap.fill(told, 80), flush=True)
    recipe = trained[0].base
    if recipe.precision != "bfloat16" or options.precision or has_bfloat16(backend):
        return
    other = estimate(
        [replace(one, base=replace(one.base, precision="float32")) for one in trained], backend
    )
    found = (
        f"no instructions for bfloat16 here: about {lasting(size.seconds)} in it, "
        f"{lasting(other.seconds)} in float32, in which no committed run can stand beside"
    )
    raise InputError("--precision", found, "--precision bfloat16 or --precision float32")


def _show(
    study: "Study",
    planned: "Sequence[Unit]",
    known: "Committed | None",
    taken: bool,
    options: argparse.Namespace,
) -> None:
    """Write the card, and say in the terminal what it says."""
    from nagbench.comparing import words
    from nagbench.comparing.card import card
    from nagbench.comparing.comparison import compared
    from nagbench.comparing.sheet import write_sheet
    from nagbench.files import atomic_path

    folder = options.results / study.name
    found = compared(study, planned, options.results, known, not taken)
    command = shlex.join(["nagbench", *sys.argv[1:]])
    with atomic_path(folder / "card.html") as path:
        path.write_text(card(found, command), encoding="utf-8")
    write_sheet(found, command, folder / "card.pdf")
    answers = [f"{verdict}: {said}" for verdict, said in words.answers(found)]
    print(f"\n{words.title(found)}")
    for line in (words.facts(found), *answers, *words.shifts(found)):
        print(textwrap.fill(line, 80))
    print(f"\nThe card: {folder / 'card.html'} and {folder / 'card.pdf'}")
    print(f"All of it: nagbench show {folder / f'{study.name}.yaml'}")
