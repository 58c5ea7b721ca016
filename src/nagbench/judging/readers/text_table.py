"""CSV and Parquet files as frames of text, with their numbers checked one by one."""

import gzip
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nagbench.errors import InputError
from nagbench.study.wording import shown

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".parquet")
_MOST_COLUMNS = 5_000
_NOTHING = ("", "na", "n/a", "null", "none", "<na>", "-")  # no evaluation was made
_BROKEN = ("nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity")


def table(path: Path) -> pd.DataFrame:
    """All columns as text, empty where the file has nothing; the index is the line in the file,
    or in Parquet the number of the row."""
    if not path.name.lower().endswith(SUFFIXES):
        found = f"a file as {path.suffix or 'no type'}"
        raise InputError(path, found, ", ".join(SUFFIXES))
    frame = _parquet(path) if path.name.lower().endswith(".parquet") else _csv(path)
    frame.columns = [str(name).strip() for name in frame.columns]
    twice = [name for name, count in frame.columns.value_counts().items() if count > 1]
    if twice:
        raise InputError(path, f"two columns {shown(twice[0])}", "each column's name once")
    frame = frame[(frame != "").any(axis=1)]
    if frame.empty:
        raise InputError(path, "no rows", "a header and at least one row")
    return frame


def _csv(path: Path) -> pd.DataFrame:
    zipped = path.name.lower().endswith(".gz")
    allowed = "comma-separated text in UTF-8" + (", zipped by gzip" if zipped else "")
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            head = file.readline().decode("utf-8-sig")
        separator = max(",;\t", key=head.count)
        if head.count(separator) >= _MOST_COLUMNS:
            found = f"{head.count(separator) + 1:,} columns"
            raise InputError(path, found, f"at most {_MOST_COLUMNS:,} columns")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the header
            frame = pd.read_csv(
                path,
                dtype=str,
                sep=separator,
                keep_default_na=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                index_col=False,
                encoding="utf-8-sig",
                compression="gzip" if zipped else None,
            )
    except FileNotFoundError:
        raise InputError(path, "no such file", "a file or folder of learning curves") from None
    except pd.errors.EmptyDataError:
        raise InputError(path, "an empty file", "a header and at least one row") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeError, EOFError) as error:
        raise InputError(path, f"not readable ({_line(error)})", allowed) from None
    except (OSError, zlib.error) as error:
        raise InputError(path, f"not readable ({_line(error)})", allowed) from None
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame.fillna("").apply(lambda column: column.str.strip())


def _parquet(path: Path) -> pd.DataFrame:
    """Numbers as text that reads back as the same number; null is nothing, NaN is nan."""
    try:
        read = pq.ParquetFile(path).read()
    except FileNotFoundError:
        raise InputError(path, "no such file", "a file or folder of learning curves") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(path, f"not readable ({_line(error)})", "a Parquet file") from None
    columns = {}
    for name, values in zip(read.column_names, read.columns, strict=True):
        found = ["" if value is None else str(value).strip() for value in values.to_pylist()]
        columns[name] = pd.Series(found, dtype="str")
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def is_number(column: pd.Series) -> bool:
    """Whether a column of text has numbers: whether at least half of what stands there are."""
    found = column[~column.str.lower().isin(_NOTHING)]
    plain = pd.to_numeric(found.mask(found.str.lower().isin(_BROKEN), "0"), errors="coerce")
    return len(found) > 0 and bool(plain.notna().mean() >= 0.5)


def numbers(
    path: Path, column: pd.Series, *, needed: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of a column of text, and whether something was written there, were it NaN.

    Args:
        path: For the message.
        column: Its index tells the lines.
        needed: Whether every row must have a finite number.
    """
    text = column.str.lower()
    nothing, broken = text.isin(_NOTHING).to_numpy(), text.isin(_BROKEN).to_numpy()
    plain = column.mask(nothing | broken)
    found = pd.to_numeric(plain, errors="coerce").to_numpy(float)
    bad = np.isnan(found) & ~nothing & ~broken
    if needed:
        bad |= nothing | broken
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        word = "row" if path.name.lower().endswith(".parquet") else "line"
        place = f"{path}, {word} {column.index[first]}, column {column.name}"
        more = f", and {int(bad.sum()) - 1} more such rows" if bad.sum() > 1 else ""
        text_there = column.iloc[first]
        found_there = f"found {shown(text_there)}" if text_there else "nothing"
        allowed = "a finite number" if needed else "a number, nan, inf, or nothing"
        raise InputError(place, found_there + more, allowed)
    return found, ~nothing


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:120] if text else type(error).__name__
