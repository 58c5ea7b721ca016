"""The command that writes the explorer."""

import argparse
from pathlib import Path

from nagbench.commands.results import tables_and_records
from nagbench.commands.verbs import Verbs, files, study


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "explore",
        _explore,
        "write one page to look at results in a browser, which needs no network",
    )
    study(added)
    added.add_argument(
        "--statistics", type=Path, help="folder of the result tables (default: the workflow's)"
    )
    added.add_argument(
        "--records", type=Path, help="of the study (default: the committed ones, or the workflow's)"
    )
    files(added, output="the page (.html)")


def _explore(options: argparse.Namespace) -> None:
    from nagbench.exploring.content import content
    from nagbench.exploring.page import write_page
    from nagbench.study.file import shipped_studies, study_path

    study, tables, records, runs, curves = tables_and_records(options)
    shipped = study.name in shipped_studies() and study_path(study.name).samefile(
        study_path(options.study)
    )
    named = study.name if shipped else options.study
    write_page(content(study, named, tables, records, runs, curves), options.output)
