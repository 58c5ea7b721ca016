"""One archive of all that a study's results rest on: the same input makes the same bytes."""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from nagbench import parquet
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.records import SEALED, SUMS, TABLES, check_sums
from nagbench.study.model import Study

ABOUT = ("envs/lock.txt", "CITATION.cff", "LICENSE")
# All entries are of one time, the first that every format of archives can hold.
TIME = 315_532_800  # 1980-01-01


def parts(study: Study, files: Iterable[Path], records: Path, statistics: Path) -> dict[str, Path]:
    """The archive's files by their names in it; one `InputError` names all that are missing.

    `files` are the study's own and those of the studies that it extends.
    """
    kept = [name for name in SEALED if name in TABLES or (records / name).is_file()]
    found = {f"records/{name}": records / name for name in (*kept, SUMS)}
    tables = sorted(statistics.glob("*.parquet")) or [statistics / "summary.parquet"]
    found |= {f"statistics/{path.name}": path for path in tables}
    found |= {f"study/{file.name}": file for file in files}
    # A user's own optimizers are part of the study.
    for row in study.optimizers.values():
        if row.file is not None:
            found |= {f"study/{row.file.name}": row.file}
    found |= {Path(name).name: Path(name) for name in ABOUT}
    missing = sorted(os.fspath(path) for path in found.values() if not path.is_file())
    if missing:
        allowed = f"all parts: run the study first (snakemake --config study={study.name})"
        raise InputError("archive", f"missing: {', '.join(missing)}", allowed)
    check_sums(records)
    for path in tables:
        parquet.read(path)  # refuses what was changed
    return found


def export(files: Mapping[str, Path], name: str, output: Path) -> None:
    """Write `files` and their checksums as a folder `name` into the archive `output`."""
    if not output.name.endswith((".tar.gz", ".tgz")):
        raise InputError(output, "an archive of another type", ".tar.gz")
    contents = {entry: path.read_bytes() for entry, path in files.items()}
    sums = (f"{hashlib.sha256(data).hexdigest()}  {n}\n" for n, data in sorted(contents.items()))
    contents[SUMS] = "".join(sums).encode()
    with (
        atomic_path(output) as path,
        path.open("wb") as raw,
        # Neither the file's name nor the time goes into the header.
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=TIME) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for entry, data in sorted(contents.items()):
            header = tarfile.TarInfo(f"{name}/{entry}")
            header.size, header.mtime, header.mode = len(data), TIME, 0o644
            archive.addfile(header, io.BytesIO(data))
