"""One archive of all that a study's results rest on: the same input makes the same bytes."""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from nagbench import parquet
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.records import SEALED, SUMS, TABLES, check_sums
from nagbench.registration import PROTOCOL, path_of, root_of
from nagbench.study.model import Study

ABOUT = ("envs/lock.txt", "CITATION.cff", "LICENSE")
WORKFLOW = (
    *("Snakefile", "workflow/Snakefile", "workflow/**/*.smk", "workflow/**/*.yaml"),
    "workflow/**/*.rst",
)
# All entries are of one time, the first that every format of archives can hold.
TIME = 315_532_800  # 1980-01-01


def parts(study: Study, files: Sequence[Path], records: Path, statistics: Path) -> dict[str, Path]:
    """The archive's files by their names in it; one `InputError` names all that are missing.

    `files` are the study's own and those of the studies that it extends. Records from other places,
    in folders within `records`, and the study's registration come along where there are any.
    """
    elsewhere = [path.parent for path in sorted(records.glob(f"*/{SUMS}"))]
    found = _records("records", records)
    for folder in elsewhere:
        found |= _records(f"records/{folder.name}", folder)
    tables = sorted(statistics.glob("*.parquet")) or [statistics / "summary.parquet"]
    found |= {f"statistics/{path.name}": path for path in tables}
    found |= {f"study/{file.name}": file for file in files}
    # A user's own optimizers are part of the study.
    for row in study.optimizers.values():
        if row.file is not None:
            found |= {f"study/{row.file.name}": row.file}
    found |= {Path(name).name: Path(name) for name in ABOUT}
    for pattern in WORKFLOW:
        found |= {str(path): path for path in sorted(Path().glob(pattern)) or [Path(pattern)]}
    registration = root_of(study.name, *files)
    if path_of(study, registration).is_file():
        found |= {str(PROTOCOL): registration / PROTOCOL}
        found |= {str(path_of(study)): path_of(study, registration)}
    missing = sorted(os.fspath(path) for path in found.values() if not path.is_file())
    if missing:
        allowed = f"all parts: run the study first (snakemake --config study={study.name})"
        raise InputError("archive", f"missing: {', '.join(missing)}", allowed)
    for folder in (records, *elsewhere):
        check_sums(folder)
    for path in tables:
        parquet.read(path)  # refuses what was changed
    return found


def _records(entry: str, folder: Path) -> dict[str, Path]:
    """The files of a folder of records, as entries below `entry`."""
    kept = [name for name in SEALED if name in TABLES or (folder / name).is_file()]
    return {f"{entry}/{name}": folder / name for name in (*kept, SUMS)}


def check_name(output: Path) -> None:
    """Refuse an archive of another type."""
    if not output.name.endswith((".tar.gz", ".tgz")):
        raise InputError(output, "an archive of another type", ".tar.gz")


def pack(contents: Mapping[str, bytes], name: str, output: Path) -> None:
    """Write `contents` and their checksums as a folder `name` into the archive `output`."""
    sums = "".join(f"{digest(data)}  {entry}\n" for entry, data in sorted(contents.items()))
    with (
        atomic_path(output) as path,
        path.open("wb") as raw,
        # Neither the file's name nor the time goes into the header.
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=TIME) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for entry, data in sorted({**contents, SUMS: sums.encode()}.items()):
            header = tarfile.TarInfo(f"{name}/{entry}")
            header.size, header.mtime, header.mode = len(data), TIME, 0o644
            archive.addfile(header, io.BytesIO(data))


def digest(data: bytes) -> str:
    """The SHA-256 of an entry, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
