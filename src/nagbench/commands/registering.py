"""The command that fixes a study before its runs, and amends what was fixed."""

import argparse
from pathlib import Path

from nagbench.commands.verbs import Verbs, study
from nagbench.errors import InputError


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "register", _register, "fix a study, the protocol and the judging before the first run"
    )
    study(added)
    added.add_argument(
        "--amend", action="store_true", help="register what has changed since, and say why"
    )
    added.add_argument("--what", help="what changed, in words; with --amend")
    added.add_argument("--why", help="why; with --amend")
    added.add_argument("--seen", help="which results had been seen; with --amend")
    added.add_argument(
        "--records", type=Path, help="keep the verdicts on these records, to be held against"
    )


def _register(options: argparse.Namespace) -> None:
    from nagbench import registration as registering
    from nagbench.study.file import load_study

    study = load_study(options.study)
    path = registering.path_of(study)
    words = {name: getattr(options, name) for name in ("what", "why", "seen")}
    if options.amend != all(words.values()) or (any(words.values()) and not options.amend):
        found = ", ".join(f"--{name}" for name, text in words.items() if not text) or "no --amend"
        raise InputError("an amendment", f"without {found}", "--amend --what --why --seen")
    if not path.is_file():
        if options.amend or options.records:
            raise InputError(path, "no such file", f"`nagbench register {options.study}` first")
        made = registering.registered(study)
        if made["commit"].endswith("with changes"):
            found = "sources that differ from the commit"
            raise InputError(path, found, "all that decides committed: it names the commit")
        registering.write(path, made)
        print(f"{path}: {made['digest'][:16]}, {made['time']}. Commit it before the first run.")
        return
    kept = registering.read(path)
    if not options.amend and not options.records:
        allowed = "`--amend` for what has changed, `--records` for verdicts to be kept"
        raise InputError(path, f"registered at {kept['time']}", allowed)
    judged = None
    if options.records:
        from nagbench import step_costs
        from nagbench.integrity import check_complete
        from nagbench.records import digest, read_tables
        from nagbench.statistics.result_tables import result_tables
        from nagbench.study.plan import units

        records = read_tables(options.records)
        check_complete(units(study), *records, partial=True)
        costs = step_costs.beside(options.records)
        table = result_tables(study, *records, costs, ["hypotheses"])["hypotheses"]
        judged = digest(*records, costs), table
    if options.amend:
        verdicts = judged and (judged[0], registering.verdict_words(judged[1]))
        kept = registering.amended(kept, study, **words, verdicts=verdicts)
        print(f"{path}: amended, {len(kept['amendments'][-1]['changes'])} changes")
    else:
        registering.check(kept, study, records[0])
        if judged is not None:
            registering.check_verdicts(kept, study, *judged)
    if judged is not None:
        kept = registering.with_verdicts(kept, *judged)
        print(f"{path}: {len(judged[1])} verdicts on the records {judged[0][:16]} kept")
    registering.write(path, kept)
