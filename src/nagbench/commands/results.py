"""Commands from records to result tables, figures, tables, numbers and archives."""

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from nagbench.commands.verbs import Verbs, device, files, study, study_or_plan, units_of
from nagbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from nagbench.rendering.result_tables import ResultTables
    from nagbench.study.model import Study

    Results = tuple[Study, ResultTables, Path, pd.DataFrame, pd.DataFrame]


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "collect", _collect, "merge units' records into the tables `runs` and `curves`"
    )
    study_or_plan(added)
    files(added, output="the folder of the tables")
    added.add_argument(
        "units",
        nargs="+",
        type=Path,
        help="units' records, or a folder that has each as STAGE/WORKLOAD/OPTIMIZER.parquet",
    )

    added = verbs.add("records", _records, "merge records trained in several places")
    added.add_argument(
        "action",
        choices=["merge", "migrate", "part"],
        help="migrate: give the runs of older records the names that --study gives them today; "
        "part: take the runs of --study out of the records of a study that has more",
    )
    files(added, output="the folder of the merged tables; may be one of the parts")
    added.add_argument("--study", help="of --store, to migrate, and of the part")
    added.add_argument(
        "--store",
        type=Path,
        help="to merge: what units under way have trained, from which `nagbench train --missing` "
        "goes on; with --study and --data",
    )
    added.add_argument("--data", type=Path, help="of --store: what `nagbench data` made")
    device(added)
    added.add_argument(
        "parts", nargs="+", type=Path, help="units' files, folders of them, or folders of tables"
    )

    added = verbs.add("statistics", _statistics, "compute every result table from the records")
    study(added)
    files(
        added,
        records="folder of `runs` and `curves`",
        theory="what `nagbench theory` found",
        calibration="what `nagbench calibrate` found",
        output="folder of the result tables",
    )
    added.add_argument(
        "--cross-check",
        type=Path,
        nargs="?",
        help="what `nagbench cross-check` found, for the paper to say",
    )
    added.add_argument(
        "--elsewhere",
        type=Path,
        nargs="*",
        default=[],
        metavar="RECORDS",
        help="folders of records of the same study from other places: their verdicts stand beside",
    )

    added = verbs.add("numbers", _numbers, "write every number that the paper quotes")
    files(added, statistics="folder of the result tables", output="numbers.tex")

    added = verbs.add("captions", _captions, "write the captions for the paper")
    files(added, statistics="folder of the result tables", output="captions.tex")
    added.add_argument(
        "--report",
        type=Path,
        default=Path("workflow/report"),
        help="folder of the captions' words, one .rst a figure or table (default: workflow/report)",
    )

    added = verbs.add("readme", _readme, "write a study's results into READMEs, between marks")
    files(added, statistics="folder of the result tables")
    added.add_argument(
        "--file", type=Path, nargs="+", default=[Path("README.md")], help="default: README.md"
    )
    added.add_argument(
        "--block",
        choices=["answer", "verdicts", "results", "costs"],
        help="this alone (default: every one whose marks a file has)",
    )
    added.add_argument("--figure", type=Path, help="of the answer, to draw as well")

    added = verbs.add("show", _show, "print a study's leaderboards and verdicts")
    study(added)
    added.add_argument(
        "--statistics", type=Path, help="folder of the result tables (default: the workflow's)"
    )
    added.add_argument("--json", action="store_true", help="the rows of the tables, as JSON")

    added = verbs.add(
        "explain", _explain, "what a number of the paper or a verdict rests on, down to its runs"
    )
    study(added)
    added.add_argument(
        "key",
        help="a key of numbers.tex, as main.leader.accuracy; the name of a claim; or a cell of a "
        "result table, as summary.sd.WORKLOAD.OPTIMIZER",
    )
    added.add_argument(
        "--statistics", type=Path, help="folder of the result tables (default: the workflow's)"
    )
    added.add_argument(
        "--records", type=Path, help="of the study (default: the committed ones, or the workflow's)"
    )

    added = verbs.add("export", _export, "pack records, result tables and study into one archive")
    study(added)
    added.add_argument("--records", type=Path, help="default: results/STUDY/records")
    added.add_argument("--statistics", type=Path, help="default: results/STUDY/statistics")
    files(added, output="the archive (.tar.gz)")


def _collect(options: argparse.Namespace) -> None:
    from nagbench.integrity import check_complete
    from nagbench.records import read_units, write_tables
    from nagbench.runner.attest import check_codes

    units = units_of(options.study)
    files = [
        file
        for path in options.units
        for file in ([path / f"{unit.name}.parquet" for unit in units] if path.is_dir() else [path])
    ]
    runs, curves = read_units(files)
    check_complete(units, runs, curves)
    check_codes(runs, [], options.output)
    write_tables(options.output, runs, curves)


def _records(options: argparse.Namespace) -> None:
    from nagbench import migration, step_costs
    from nagbench.records import merge, read_any, read_units, seal, trained, write_tables
    from nagbench.runner import attest

    attestations = [entry for path in options.parts for entry in attest.read(path)]
    # A folder may wait for its first unit, where what is under way is kept.
    waits = [path for path in options.parts if options.store and not any(path.rglob("*.parquet"))]
    parts = [read_any(path) for path in options.parts if path not in waits]
    runs, curves = merge(parts or [read_units([])], str(options.output))
    if options.action != "merge":
        if options.study is None:
            raise InputError("--study", "missing", "the study that the records are of")
        named = {"migrate": migration.renamed, "part": migration.part}[options.action]
        runs, curves = named(units_of(options.study), runs, curves)
    attest.check_codes(runs, attestations, options.output)
    write_tables(options.output, runs, curves)
    costs = [path / step_costs.FILE for path in options.parts]
    if options.action == "part" and costs[0].is_file():
        shutil.copy(costs[0], options.output)
        seal(options.output)
    if attestations:
        attest.write(options.output, attestations)
    print(f"{len(trained(runs))} runs in {options.output}")
    if options.store is not None:
        _keep_unfinished(options)


def _keep_unfinished(options: argparse.Namespace) -> None:
    from nagbench.data.images import load
    from nagbench.runner.devices import resolve
    from nagbench.runner.store import Store
    from nagbench.runner.unfinished import keep

    for name in ("study", "data"):
        if getattr(options, name) is None:
            raise InputError(f"--{name}", "missing", "it, beside --store")
    folders = [path for path in options.parts if path.is_dir()]
    images, backend = load(options.data), resolve(options.device)
    units = units_of(options.study)
    kept = keep(options.output, units, images, backend, Store(options.store), folders)
    print(f"{kept} runs of units under way beside them")


def _statistics(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench.comparing.replication import elsewhere
    from nagbench.parquet import read_frame, write_frame
    from nagbench.registration import judged
    from nagbench.study.file import load_study, study_path
    from nagbench.validation.agreement import compared

    whole, place = load_study(options.study), study_path(options.study)
    tables = judged(whole, options.records, place)
    if options.elsewhere:
        others = [elsewhere(whole, folder, place) for folder in options.elsewhere]
        tables["elsewhere"] = pd.concat(others, ignore_index=True)
    for name in ("theory", "calibration"):
        tables[name] = read_frame(getattr(options, name))
    if options.cross_check:
        tables["cross_check"] = compared(read_frame(options.cross_check))
    for name, table in tables.items():
        write_frame(options.output / f"{name}.parquet", table)


def _numbers(options: argparse.Namespace) -> None:
    from nagbench.rendering.numbers import write_numbers

    write_numbers(options.statistics, options.output)


def _captions(options: argparse.Namespace) -> None:
    from nagbench.rendering.captions import write_captions

    write_captions(options.statistics, options.report, options.output)


def _readme(options: argparse.Namespace) -> None:
    from nagbench.files import atomic_path
    from nagbench.rendering.readme import draw_answer, written
    from nagbench.rendering.result_tables import ResultTables

    tables = ResultTables(options.statistics)
    texts = {
        file: written(file.read_text(encoding="utf-8"), tables, str(file), options.block)
        for file in options.file
    }
    if options.figure:
        draw_answer(tables, options.figure)
    for file, text in texts.items():
        with atomic_path(file) as path:
            path.write_text(text, encoding="utf-8")


def _show(options: argparse.Namespace) -> None:
    from nagbench.rendering.terminal import as_json, show
    from nagbench.study.file import load_study

    study = load_study(options.study)
    folder = options.statistics or Path("results", study.name, "statistics")
    print((as_json if options.json else show)(study, options.study, folder))


def _explain(options: argparse.Namespace) -> None:
    from nagbench import step_costs
    from nagbench.rendering.explanation import explain
    from nagbench.statistics.roles import select

    study, tables, records, runs, curves = tables_and_records(options)
    selection = select(study, runs, curves, step_costs.beside(records))
    print(explain(options.key, study, options.study, tables, selection, records))


def tables_and_records(options: argparse.Namespace) -> "Results":
    """The study, its result tables, and the records that these were made of: their folder, `runs`
    and `curves`."""
    from nagbench.rendering.records_behind import records_behind, usual_records
    from nagbench.rendering.result_tables import ResultTables
    from nagbench.rendering.terminal import check_tables
    from nagbench.study.file import load_study

    study = load_study(options.study)
    folder = options.statistics or Path("results", study.name, "statistics")
    check_tables(study, options.study, folder)
    tables = ResultTables(folder)
    folders = [options.records] if options.records else usual_records(study.name)
    found = records_behind(tables, folders)
    if found is None:
        words = " or ".join(map(str, folders)) or "any that are here"
        found_tables = f"result tables of other records than {words}"
        raise InputError(folder, found_tables, "--statistics and --records that belong together")
    return study, tables, *found


def _export(options: argparse.Namespace) -> None:
    from nagbench.exporting import archive, croissant
    from nagbench.exporting.about import README, about, readme
    from nagbench.exporting.crate import FILE, crate
    from nagbench.records import read_tables
    from nagbench.study.file import load_study, study_files, study_path

    archive.check_name(options.output)
    study = load_study(options.study)
    records = options.records or Path("results", study.name, "records")
    statistics = options.statistics or Path("results", study.name, "statistics")
    own = study_files(study_path(options.study))
    files = archive.parts(study, own, records, statistics)
    contents = {entry: path.read_bytes() for entry, path in files.items()}
    said = about(study, read_tables(records)[0], contents["CITATION.cff"])
    contents[README] = readme(said, own[0].name, contents)
    contents[croissant.FILE] = croissant.croissant(said, contents)
    contents[FILE] = crate(said, contents, f"study/{own[0].name}")
    archive.pack(contents, f"nagbench-{study.name}", options.output)
    print(f"{len(contents)} files and their checksums in {options.output}")
