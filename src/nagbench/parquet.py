"""Parquet files that are read back as they were written, or refused.

Each file carries in its metadata the version of its schema and a digest of its content, beside the
checksums of its pages. The digest is of the values, so it does not depend on how they are packed.
"""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nagbench.errors import InputError
from nagbench.files import atomic_path

_VERSION, _CONTENT = b"nagbench.records", b"nagbench.content"
ALLOWED = "a file written by nagbench (delete it to have it made again)"


def write(path: Path, table: pa.Table, version: int) -> None:
    """Write a table with its version and the digest of its content."""
    metadata = {_VERSION: str(version).encode(), _CONTENT: content_digest(table).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            write_page_checksum=True,
        )


def read(path: Path) -> tuple[pa.Table, int]:
    """The table of a file, without its metadata, and its version.

    Records of version 2 carry no digest; all else is held against its own.
    """
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        table = file.read()
    except FileNotFoundError:
        raise InputError(path, "no such file", ALLOWED) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(path, f"not readable as Parquet ({cause})", ALLOWED) from None
    metadata = table.schema.metadata or {}
    version = metadata.get(_VERSION, b"")
    if not re.fullmatch(rb"[0-9]{1,4}", version):
        raise InputError(path, "a Parquet file of foreign origin", ALLOWED)
    content = metadata.get(_CONTENT)
    if content is None and int(version) != 2:
        raise InputError(path, "no digest of its content", ALLOWED)
    if content is not None and content.decode(errors="replace") != content_digest(table):
        raise InputError(path, "content does not match its own digest", ALLOWED)
    return table.replace_schema_metadata(None), int(version)


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table that has no schema of its own, such as a result table, without its index."""
    write(path, pa.Table.from_pandas(frame, preserve_index=False), version=0)


def read_frame(path: Path) -> pd.DataFrame:
    """The table that `write_frame` wrote."""
    return read(path)[0].to_pandas()


def content_digest(table: pa.Table) -> str:
    """A digest of names, types and values, in their order: 64 hexadecimal digits."""
    total = hashlib.sha256()
    for name, chunks in zip(table.column_names, table.columns, strict=True):
        column = chunks.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([])
        total.update(f"{name}\0{len(column)}\0".encode())
        _add(total, column)
    return total.hexdigest()


def _add(total: "hashlib._Hash", column: pa.Array) -> None:
    # Parquet gives the items of a list another name than Arrow does.
    is_list = pa.types.is_list(column.type)
    total.update(b"list" if is_list else str(column.type).encode())
    total.update(np.packbits(column.is_null().to_numpy(zero_copy_only=False)).tobytes())
    if is_list:
        lengths = column.value_lengths().fill_null(-1)
        total.update(lengths.to_numpy(zero_copy_only=False).tobytes())
        _add(total, column.flatten())
    elif pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        total.update(column.fill_null(0).to_numpy(zero_copy_only=False).tobytes())
    else:
        total.update(repr(column.to_pylist()).encode())
