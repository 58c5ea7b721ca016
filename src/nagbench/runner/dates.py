"""Files that are dated in the future, as a clock leaves them that was wrong and is set anew.

Snakemake refuses whatever is made of such a file, until that time has come.
"""

import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from nagbench.errors import InputError

_APART = 1.0  # seconds by which a file system's clock may be ahead


def dated_back(places: Iterable[Path]) -> int:
    """Date now what is dated in the future of these files, and of all within these folders; returns
    how many were."""
    now, late = time.time(), 0
    for place in places:
        for path in (place, *place.rglob("*")) if place.is_dir() else (place,):
            try:
                date = path.lstat().st_mtime
            except OSError:  # none, or no longer
                continue
            if date > now + _APART:
                _date(path, now, date)
                late += 1
    return late


def _date(path: Path, now: float, date: float) -> None:
    try:
        os.utime(path, (now, now), follow_symlinks=False)
    except OSError as error:
        found = f"dated {datetime.fromtimestamp(date):%Y-%m-%d %H:%M}, and it stays so ({error})"
        allowed = f"a date that has passed; now is {datetime.fromtimestamp(now):%Y-%m-%d %H:%M}"
        raise InputError(path, found, allowed) from None
