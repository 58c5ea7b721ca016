"""Commands from records to result tables, figures, tables, numbers and archives."""

import argparse
from pathlib import Path

from nagbench.commands.verbs import Verbs, files, study


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "collect", _collect, "merge units' records into the tables `runs` and `curves`"
    )
    study(added)
    files(added, output="the folder of the tables")
    added.add_argument("units", nargs="+", type=Path, help="units' records")

    added = verbs.add("records", _merge, "merge records trained in several places")
    added.add_argument("action", choices=["merge"])
    files(added, output="the folder of the merged tables; may be one of the parts")
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

    added = verbs.add("theory", _theory, "run the methods on problems whose answers are known")
    added.add_argument("study", type=Path, help="workflow/studies/theory.yaml, or one like it")
    files(added, output="where to put the rates (.parquet)")

    added = verbs.add(
        "calibrate", _calibrate, "simulate whether the statistics hold what they promise"
    )
    added.add_argument("--trials", type=int, default=2000, help="of each row (default: 2000)")
    added.add_argument("--output", type=Path, help="a file for the table (.parquet)")

    for name, function, about in (
        ("figure", _figure, "draw a figure from the result tables"),
        ("table", _table, "write a table from the result tables"),
    ):
        added = verbs.add(name, function, about)
        added.add_argument("name")
        files(added, statistics="folder of the result tables")
        added.add_argument("--output", type=Path, nargs="+", required=True, help="files to write")

    added = verbs.add("numbers", _numbers, "write every number that the paper quotes")
    files(added, statistics="folder of the result tables", output="numbers.tex")

    added = verbs.add("captions", _captions, "write the captions for the paper")
    files(added, statistics="folder of the result tables", output="captions.tex")
    added.add_argument("--report", type=Path, default=Path("workflow/report"))

    added = verbs.add("readme", _readme, "write a study's results into the README")
    files(added, statistics="folder of the result tables")
    added.add_argument("--file", type=Path, default=Path("README.md"), help="default: README.md")

    added = verbs.add("show", _show, "print a study's leaderboards and verdicts")
    study(added)
    added.add_argument(
        "--statistics", type=Path, help="folder of the result tables (default: the workflow's)"
    )

    added = verbs.add("export", _export, "pack records, result tables and study into one archive")
    study(added)
    added.add_argument("--records", type=Path, help="default: results/STUDY/records")
    added.add_argument("--statistics", type=Path, help="default: results/STUDY/statistics")
    files(added, output="the archive (.tar.gz)")


def _collect(options: argparse.Namespace) -> None:
    from nagbench.records import check_complete, read_units, write_tables
    from nagbench.study_file import load_study

    runs, curves = read_units(options.units)
    check_complete(load_study(options.study), runs)
    write_tables(options.output, runs, curves)


def _merge(options: argparse.Namespace) -> None:
    from nagbench.records import merge, read_any, seal, write_tables

    runs, curves = merge([read_any(path) for path in options.parts], str(options.output))
    write_tables(options.output, runs, curves)
    seal(options.output)
    print(f"{len(runs)} runs in {options.output}")


def _statistics(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench import statistics
    from nagbench.files import atomic_path
    from nagbench.records import read_tables
    from nagbench.study_file import load_study

    tables = statistics.tables(load_study(options.study), *read_tables(options.records))
    for name in ("theory", "calibration"):
        tables[name] = pd.read_parquet(getattr(options, name))
    for name, table in tables.items():
        frame: pd.DataFrame = table
        with atomic_path(options.output / f"{name}.parquet") as path:
            frame.to_parquet(path, index=False)


def _theory(options: argparse.Namespace) -> None:
    from nagbench import data
    from nagbench.files import atomic_path
    from nagbench.theory.rates import load_theory, theory

    file = load_theory(options.study)
    rates = theory(file, data.prepare("synthetic"))
    with atomic_path(options.output) as path:
        rates.to_parquet(path, index=False)


def _calibrate(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench.files import atomic_path
    from nagbench.statistics.calibration import line, rows

    found = []
    for row in rows(options.trials):
        print(line(row), flush=True)
        found.append(row)
    table = pd.DataFrame(found)
    print(f"{table['holds'].sum()} of {len(table)} hold, by {options.trials} trials each")
    if options.output:
        with atomic_path(options.output) as path:
            table.to_parquet(path, index=False)


def _figure(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_figure(options.name, options.statistics, options.output)


def _table(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_table(options.name, options.statistics, options.output)


def _numbers(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_numbers(options.statistics, options.output)


def _captions(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_captions(options.statistics, options.report, options.output)


def _readme(options: argparse.Namespace) -> None:
    from nagbench.files import atomic_path
    from nagbench.rendering import ResultTables
    from nagbench.rendering.readme import block, replaced

    text = options.file.read_text(encoding="utf-8")
    new = replaced(text, block(ResultTables(options.statistics)), str(options.file))
    with atomic_path(options.file) as path:
        path.write_text(new, encoding="utf-8")


def _show(options: argparse.Namespace) -> None:
    from nagbench.rendering.terminal import show
    from nagbench.study_file import load_study

    study = load_study(options.study)
    folder = options.statistics or Path("results", study.name, "statistics")
    print(show(study, options.study, folder))


def _export(options: argparse.Namespace) -> None:
    from nagbench.export import export, parts
    from nagbench.study_file import load_study, study_path

    study = load_study(options.study)
    records = options.records or Path("results", study.name, "records")
    statistics = options.statistics or Path("results", study.name, "statistics")
    files = parts(study, study_path(options.study), records, statistics)
    export(files, f"nagbench-{study.name}", options.output)
    print(f"{len(files)} files and their checksums in {options.output}")
