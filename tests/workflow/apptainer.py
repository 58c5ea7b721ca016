"""Takes the place of `apptainer`: notes what Snakemake asks of it, and runs the command.

It runs it here, or, where `STAND_IN_CONTAINER` names one, in that container of buildah's. As the
real one does, it sets `APPTAINER_CONTAINER`, and what `APPTAINERENV_…` says without that beginning;
unlike it, it reads no image. What is asked stands in the file `asked` beside it, an entry a line.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

OWN = "APPTAINERENV_"


def execute(arguments: list[str]) -> int:
    """`exec --home DIR [--bind PATH …] IMAGE COMMAND …`, as Snakemake writes it."""
    said: dict[str, list[str]] = {"--home": [], "--bind": [], "--pwd": []}
    while arguments[0].startswith("-"):
        said[arguments[0]].append(arguments[1])
        del arguments[:2]
    image, *command = arguments
    inside = {name.removeprefix(OWN): value for name, value in os.environ.items() if OWN in name}
    inside["APPTAINER_CONTAINER"] = image
    container = os.environ.get("STAND_IN_CONTAINER")
    if container is None:
        return subprocess.run(command, env=os.environ | inside, check=False).returncode
    inside["HOME"] = said["--home"][0]
    seen = {*said["--home"], *said["--bind"], *os.environ["APPTAINER_BIND"].split(",")}
    volumes = [word for path in sorted(seen) for word in ("--volume", f"{path}:{path}")]
    given = [word for name in inside for word in ("--env", f"{name}={inside[name]}")]
    buildah = ["buildah", "run", *volumes, *given, "--workingdir", str(Path.cwd())]
    return subprocess.run([*buildah, container, "--", *command], check=False).returncode


def main(*arguments: str) -> int:
    if arguments == ("--version",):
        print("apptainer version 1.4.2")
        return 0
    with Path(__file__).with_name("asked").open("a", encoding="utf-8") as notes:
        notes.write(f"{json.dumps(arguments)}\n")
    verb, *others = arguments
    if verb == "pull":
        Path(others[others.index("--name") + 1]).touch()
        return 0
    return execute(others)


if __name__ == "__main__":
    raise SystemExit(main(*(word for word in sys.argv[1:] if word not in ("--quiet", "--silent"))))
