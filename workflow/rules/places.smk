# Where files lie: what the workflow brings, beside it or in the package; what it makes, in the working
# folder, and under the prefix there that a module may have.
import os
from importlib import resources
from pathlib import Path

from nagbench.runner.workflow import install_from
from nagbench.sources import closure

HERE = workflow.current_basedir
IS_MODULE = not workflow.modifier.is_main_snakefile()
# The clone that this workflow is of; None where Snakemake fetched it from a git host, as it does file
# by file, and text alone.
REPOSITORY = Path(HERE).parents[1] if isinstance(HERE, os.PathLike) else None
# For what is told to a program; what rules read and make is given its prefix by Snakemake.
RESULTS = str(workflow.modifier.modify_path("results"))
STORE = f"{RESULTS}/runs"
install_from(REPOSITORY)


def placed(path: Path) -> str:
    """What is told of a file that is not made here, by its path from the working folder if it lies
    there, but by the whole path where a prefix would go before that."""
    here = f"{Path.cwd()}{os.sep}" if RESULTS == "results" else ""
    return os.path.abspath(path).removeprefix(here)


def here(paths: list[str]) -> list[str]:
    """What the workflow brings is here, wherever `--default-storage-provider` has results."""
    return [local(path) for path in paths]


def sources(*roots: str) -> list[str]:
    """The files that these modules and files depend on, as rules name them."""
    return here([placed(path) for path in closure(roots)])


def brought(path: str) -> str:
    """A text file of the repository, beside the workflow or where Snakemake keeps it."""
    if REPOSITORY:
        return local(placed(REPOSITORY / path))
    return workflow.sourcecache.get_path(HERE.join(f"../../{path}"))


def at_hand(*patterns: str) -> list[str]:
    """The files of the repository that match, which are none without a clone."""
    found = [path for one in patterns if REPOSITORY for path in REPOSITORY.glob(one)]
    return here(sorted(map(placed, found)))


def theory_file() -> str:
    """The problems whose answers are known."""
    return local(placed(resources.files("nagbench.validation") / "theory.yaml"))
