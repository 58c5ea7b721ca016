"""The image that envs/Containerfile describes, built in a store of its own, and commands in it.

On Debian it stands on a base of the machine's own release, which needs no registry of images; on
other systems on the one that the Containerfile names.
"""

import ast
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from checkout import REPOSITORY

ANYBODY = "1234:1234"  # a user whom the image does not know
STORE = '[storage]\ndriver = "overlay"\ngraphroot = "{0}/images"\nrunroot = "{0}/running"\n'
BASE = 'FROM scratch\nADD base.tar /\nCMD ["bash"]\n'


def missing() -> list[str]:
    """What Debian's packages `buildah` and `mmdebstrap` bring and this machine lacks."""
    wanted = ["buildah", *(["mmdebstrap"] if _release() else [])]
    return [name for name in wanted if shutil.which(name) is None]


class Image:
    """The image; a context manager that leaves nothing of it behind.

    Attributes:
        settings: The environment of a process that is to find the image.
        container: A container of it, for `buildah run`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        store = folder / "storage.conf"
        store.write_text(STORE.format(folder), encoding="utf-8")
        # Without namespaces of their own, so that it works within a container too.
        own = {"CONTAINERS_STORAGE_CONF": str(store), "BUILDAH_ISOLATION": "chroot"}
        self.settings = {**os.environ, **own}
        self.container = ""

    def __enter__(self) -> Self:
        try:
            options = [*self._base(), *pip_options(self.folder)]
            self._call(str(REPOSITORY / "envs/build-container.sh"), *options)
            self.container = self._call("buildah", "from", "nagbench").strip()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._call("buildah", "rm", "--all")
        self._call("buildah", "rmi", "--all", "--force")

    def run(self, *command: str, mounted: Mapping[Path, str]) -> str:
        """What a command says that anybody runs in the image, with folders of this machine."""
        volumes = [word for at in mounted.items() for word in ("--volume", "{}:{}".format(*at))]
        words = ["run", "--user", ANYBODY, *volumes, self.container, "--", *command]
        return self._call("buildah", *words)

    def _base(self) -> list[str]:
        release = _release()
        if release is None:
            return []
        place = self.folder / "base"
        place.mkdir()
        self._call("mmdebstrap", "--variant=minbase", release, str(place / "base.tar"))
        (place / "Containerfile").write_text(BASE, encoding="utf-8")
        self._call("buildah", "build", "--tag", "base", str(place))
        return ["--build-arg", "BASE=localhost/base"]

    def _call(self, *command: str) -> str:
        ended = subprocess.run(
            command,
            env=self.settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}"
        return ended.stdout


def pip_options(folder: Path) -> list[str]:
    """Options for the builder, with which its pip is told what pip is told here: where to look.

    Folders are mounted where they are, since their pages link to their neighbours; files elsewhere,
    since packages of the image bring some of the same name.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    says: dict[str, str] = {}
    mounts: dict[Path, str] = {}
    for line in said.splitlines():
        key, _, value = line.partition("=")
        words = ast.literal_eval(value).split()
        for number, word in enumerate(words):
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.is_file():
                words[number] = mounts.setdefault(path, f"/srv/{len(mounts)}-{path.name}")
            elif path.is_absolute() and path.is_dir():
                shared = path if word.startswith("/") else path.parent
                mounts[shared] = str(shared)
        # The environment's come first in the list, and go before those of files.
        says.setdefault(key.rpartition(".")[2], " ".join(words))
    place = folder / "pip.conf"
    lines = ["[global]", *(f"{key} = {value}" for key, value in says.items())]
    place.write_text("\n".join(lines), encoding="utf-8")
    mounts[place] = "/etc/pip.conf"
    return [word for here, there in mounts.items() for word in ("--volume", f"{here}:{there}:ro")]


def _release() -> str | None:
    """The name of this machine's release of Debian; None on another system."""
    try:
        says = platform.freedesktop_os_release()
    except OSError:
        return None
    return says.get("VERSION_CODENAME") if says["ID"] == "debian" else None
