"""Files appear whole or not at all, and what was changed on the disk is noticed."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nagbench.errors import InputError

_UNWRITABLE = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EFBIG,
    errno.EIO,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


_SEAL = b"nagbench sha256 "


class DamagedError(ValueError):
    """A sealed file whose content is not what was written."""


def write_sealed(path: Path, content: bytes) -> None:
    """Write `content` below a line that holds its digest."""
    line = _SEAL + hashlib.sha256(content).hexdigest().encode() + b"\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(line + content)


def read_sealed(path: Path) -> bytes:
    """What `write_sealed` wrote; `DamagedError` if a bit of the file is not as it was."""
    line, _, content = path.read_bytes().partition(b"\n")
    if line != _SEAL + hashlib.sha256(content).hexdigest().encode():
        raise DamagedError(f"{path} is not as it was written")
    return content


@contextmanager
def writing(place: object, *also: int) -> Iterator[None]:
    """What the system says against writing, as an `InputError` that names the place.

    `also` are numbers of errors that say so there and may mean something else in general.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE.union(also):
            raise
        allowed = "a writable folder with free space"
        raise InputError(place, f"cannot be written ({error.strerror})", allowed) from None


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    with writing(path):
        path.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling of `path` that replaces it on success and vanishes on failure.

    The temporary name keeps the suffix, because writers choose their format by it.
    """
    path = Path(path)
    temporary = None
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(
                dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix
            )
            os.close(handle)
            temporary = Path(name)
            yield temporary
            # mkstemp makes files that only their owner may read; results are meant to be shared.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
