"""Takes the place of `nagbench`: makes what a command would make, but empty, in a moment.

Which jobs Snakemake finds stale depends on what they read, never on what they wrote.
"""

import base64
import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

# The smallest picture that there is, for the report; LaTeX takes an empty line.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def outputs(arguments: list[str]) -> list[Path]:
    """What `--output` names, or what `--folder` and `--format` do; a command may write nothing."""
    if "--folder" in arguments:
        (folder,), (formats,) = said(arguments, "--folder"), said(arguments, "--format")
        names = arguments[: arguments.index("--statistics")]
        return [Path(folder, f"{name}.{kind}") for name in names for kind in formats.split(",")]
    return [Path(word) for word in said(arguments, "--output")]


def said(arguments: list[str], option: str) -> list[str]:
    """The words after an option, up to the next one."""
    if option not in arguments:
        return []
    words = arguments[arguments.index(option) + 1 :]
    end = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    return words[:end]


def main(command: str, *arguments: str) -> None:
    if command == "collect":
        folder = outputs(list(arguments))[0]
        names = ("runs.parquet", "curves.parquet", "provenance.json", "SHA256SUMS")
        files = [folder / name for name in names]
    elif command == "statistics":
        (folder,) = outputs(list(arguments))
        files = [folder / "summary.parquet"]
        folder.mkdir(parents=True, exist_ok=True)
        facts = pa.table({"edition": ["synthetic"], "demo": [True]})
        parquet.write_table(facts, folder / "study.parquet")
    else:
        files = outputs(list(arguments))
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PICTURE if file.suffix == ".png" else b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
