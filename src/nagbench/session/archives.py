"""What a session leaves: few small files, whole at any moment, from which the next one goes on.

Finished work (records, choices, finished runs, what was printed) fills one `work` file after the
other, each an archive by itself; only the last of them is written again. Checkpoints change, and
one can be larger than a file may be: all together are one archive, cut into `checkpoints` files.
"""

import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nagbench.errors import InputError
from nagbench.files import atomic_path

_NAME = re.compile(
    r"(?P<session>\d{4})-(work-(?P<number>\d+)\.tar\.gz"
    r"|checkpoints-(?P<generation>\d+)-(?P<piece>\d+)-of-(?P<pieces>\d+)\.tar)"
)
_OURS = re.compile(r"(\d{4})-(work|checkpoints|session)[-.].*")
_WORK = (".json", ".parquet", ".txt")
_MOST = 2_000_000_000  # bytes that one may unpack to
_MARGIN = 1_000_000  # bytes that a compressor may hold back, and an archive's own


@dataclass(frozen=True)
class Limits:
    """What may lie in the output folder.

    Attributes:
        files: How many files, one that is being written and one with the session's table included.
        file: Bytes of one.
        together: Bytes of all.
    """

    files: int = 8
    file: int = 15_000_000
    together: int = 60_000_000


class Archives:
    """The archives of one session in `output`, of what trains below `folder`.

    Attributes:
        session: The number of the session, which begins the name of each of its files.
        left_out: Checkpoints for which there was no room in the last save.
    """

    def __init__(self, folder: Path, output: Path, limits: Limits | None = None) -> None:
        self._folder, self._output = folder, output
        self._limits = limits or Limits()
        self.session = 1
        self.left_out: list[Path] = []
        self._closed: dict[Path, tuple[int, int]] = {}  # what full files hold, as it was
        self._full = 0  # work files that are not written again
        self._generation = 0
        self._last: dict[str, object] = {}  # what was written last, to write nothing twice

    # ---- before

    def unpack(self, earlier: Iterable[Path]) -> list[Path]:
        """Put what earlier sessions left into the working folder.

        Finished work is taken from all of them, checkpoints from the newest alone.

        Args:
            earlier: Folders that hold archives, or folders of them, beside the output folder.

        Returns:
            The archives that were unpacked.
        """
        folders = dict.fromkeys(path.resolve() for path in (*earlier, self._output))
        found = sorted(
            {(key, path) for f in folders for path in f.rglob("*") if (key := _key(path))}
        )
        if not found:
            return []
        newest = found[-1][0][0]
        self.session = newest + 1
        work = [path for (_, generation, _), path in found if generation == 0]
        for path in work:
            _extract(path, path.open("rb"), self._folder)
        live = [
            path for (session, generation, _), path in found if session == newest and generation
        ]
        # The last of each folder: several machines may have had a session at the same time.
        whole = {pieces[0].parent: pieces for pieces in _whole_generations(live)}.values()
        for pieces in whole:
            joined = io.BytesIO(b"".join(path.read_bytes() for path in pieces))
            _extract(pieces[0], joined, self._folder)
        return [*work, *(path for pieces in whole for path in pieces)]

    # ---- at any moment

    def save(self) -> None:
        """Bring the output folder up to date: finished work first, checkpoints as there is room."""
        self._save_checkpoints(self._save_work())
        for path in self._output.iterdir():
            match = _OURS.fullmatch(path.name)
            if match and int(match[1]) < self.session:
                path.unlink()  # what it held has been unpacked, and is in the new files

    def tell(self, text: str) -> None:
        """Write the session's table beside its archives."""
        with atomic_path(self._output / f"{self.session:04}-session.txt") as path:
            path.write_text(text + "\n", encoding="utf-8")

    def files(self) -> list[Path]:
        """This session's files in the output folder."""
        return sorted(self._output.glob(f"{self.session:04}-*"))

    def _save_work(self) -> list[Path]:
        """All work files; those that hold something new are written."""
        states = {path: _state(path) for path in self._files(_WORK)}
        new = sorted(
            (path for path, state in states.items() if state and self._closed.get(path) != state),
            key=lambda path: (states[path], path),
        )
        while new and self._last.get("work") != [(path, states[path]) for path in new]:
            kept = self._write_work(self._full + 1, new)
            if len(kept) == len(new):
                self._last["work"] = [(path, states[path]) for path in new]
                break
            self._closed |= {path: state for path in kept if (state := states[path])}
            self._full += 1
            new = new[len(kept) :]
        return [self._work(n) for n in range(1, self._full + 1 + bool(new))]

    def _work(self, number: int) -> Path:
        return self._output / f"{self.session:04}-work-{number}.tar.gz"

    def _write_work(self, number: int, files: Sequence[Path]) -> list[Path]:
        """Write as many of the files, in their order, as a file may hold; those that it holds."""
        kept: list[Path] = []
        with (
            atomic_path(self._work(number)) as target,
            target.open("wb") as raw,
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive,
        ):
            for path in files:
                content = _content(path)
                size = len(content or b"") + _MARGIN
                if size > self._limits.file:
                    allowed = f"{self._limits.file - _MARGIN} bytes"
                    raise InputError(path, f"{size - _MARGIN} bytes", allowed)
                if raw.tell() + size > self._limits.file:
                    break
                self._add(archive, path, content)
                kept.append(path)
        return kept

    def _save_checkpoints(self, work: Sequence[Path]) -> None:
        held = {path: _state(path) for path in self._files((".checkpoint",))}
        held = {p: state for p, state in held.items() if not p.with_suffix(".json").exists()}
        if self._last.get("checkpoints") == (held, len(work)):
            return
        self._last["checkpoints"] = held, len(work)
        # One file is the table, one is being written.
        files = self._limits.files - len(work) - 2
        together = self._limits.together - sum(path.stat().st_size for path in work)
        room = min(together, files * self._limits.file) - _MARGIN
        packed, taken, self.left_out = io.BytesIO(), False, []
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path in sorted(held, key=lambda path: (held[path] or (0, 0))[1]):
                content = _content(path)
                if content is not None and packed.tell() + len(content) > room:
                    self.left_out.append(path)
                else:
                    self._add(archive, path, content)
                    taken = True
        self._replace_checkpoints(packed.getvalue() if taken else b"", files, together)

    def _replace_checkpoints(self, content: bytes, files: int, together: int) -> None:
        """The new files, then the old ones go; before, where there is no room for both."""
        size = self._limits.file
        pieces = [content[n : n + size] for n in range(0, len(content), size)]
        old = list(self._output.glob(f"{self.session:04}-checkpoints-*"))
        beside = sum(path.stat().st_size for path in old) + len(content)
        if len(old) + len(pieces) > files or beside > together:
            _remove(old)
        self._generation += 1
        for n, piece in enumerate(pieces, 1):
            name = f"{self.session:04}-checkpoints-{self._generation}-{n}-of-{len(pieces)}.tar"
            with atomic_path(self._output / name) as path:
                path.write_bytes(piece)
        _remove(old)

    def _files(self, suffixes: Sequence[str]) -> list[Path]:
        """Whole files of the working folder; those that are being written have a dot before."""
        return [
            path
            for path in sorted(self._folder.rglob("*"))
            if path.suffix in suffixes and not path.name.startswith(".")
        ]

    def _add(self, archive: tarfile.TarFile, path: Path, content: bytes | None) -> None:
        if content is None:  # a checkpoint whose run has ended meanwhile
            return
        entry = tarfile.TarInfo(path.relative_to(self._folder).as_posix())
        entry.size, entry.mtime = len(content), path.stat().st_mtime if path.exists() else 0
        archive.addfile(entry, io.BytesIO(content))


def _key(path: Path) -> tuple[int, int, int] | None:
    """Session, generation (0: finished work) and number of an archive; None of other files."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    number = int(match["number"] or match["piece"])
    return int(match["session"]), int(match["generation"] or 0), number


def _whole_generations(paths: Sequence[Path]) -> list[list[Path]]:
    """Files of checkpoints, those together that are one archive, of which none is missing."""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        groups.setdefault((path.parent, path.name.split("-")[2]), []).append(path)
    return [
        group for group in groups.values() if len(group) == int(group[0].stem.rpartition("-")[2])
    ]


def _extract(place: Path, opened: IO[bytes], folder: Path) -> None:
    """Write the archive's files, in the ways that Python 3.11 has from its first release on."""
    inside, size = folder.resolve(), 0
    try:
        with opened, tarfile.open(fileobj=opened) as archive:
            for member in archive:
                size += member.size
                if size > _MOST:
                    raise tarfile.TarError(f"it unpacks to more than {_MOST:,} bytes")
                path = (inside / member.name).resolve()
                content = archive.extractfile(member) if member.isfile() else None
                if content is None or not path.is_relative_to(inside):
                    raise tarfile.TarError(f"{member.name} is no file inside")
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    shutil.copyfileobj(content, file)
                os.utime(path, (member.mtime, member.mtime))
    except (tarfile.TarError, EOFError, OSError) as error:
        found = f"not readable ({error})"
        allowed = "a whole archive of a session; take it away to go on without its work"
        raise InputError(place, found, allowed) from None


def _state(path: Path) -> tuple[int, int] | None:
    """By which a file is known to be as it was: time of its last change, and bytes."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
