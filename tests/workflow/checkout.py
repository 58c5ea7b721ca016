"""A working copy of the repository with a very small study, and Snakemake in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
PARTS = ("Snakefile", "config", "profiles", "workflow", "src", "envs")
# The project's paper quotes optimizers that the small study lacks.
PAPER = r"""\documentclass{article}
\newcommand{\setresult}[2]{}
\newcommand{\setcaption}[2]{}
\input{paper/numbers}
\input{paper/captions}
\begin{document}A paper.\end{document}
"""
MICRO = {
    "title": "A study that runs in seconds",
    "demo": True,
    "data": "synthetic",
    "validation_size": 100,
    "workloads": {
        "tiny": {
            "model": "tiny_cnn",
            "batch_size": 64,
            "epochs": 2,
            "train_size": 256,
            "targets": {"low": 0.1, "high": 0.2, "source": "a test"},
        }
    },
    "optimizers": {"sgd": None, "nag_sutskever": None},
    "baseline": "sgd",
    "tuning": {
        "points": 1,
        "seeds": [1],
        "grows": False,
        "choices": ["accuracy"],
        "runner_up_seeds": 0,
    },
    "testing": {"seeds": [11, 12]},
}
STUDY = "src/nagbench/study/shipped/micro.yaml"
TRAINING = {"data", "tune", "choose", "test", "collect"}


class Checkout:
    """A working copy of the repository, and Snakemake in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, *arguments: str, study: str = "micro", **config: str) -> list[str]:
        """Snakemake's command line; targets come last, after `--`."""
        said = {"study": study, "device": "cpu", **config}
        options = [word for word in arguments if word.startswith("-")]
        targets = [word for word in arguments if not word.startswith("-")]
        settings = [f"{key}={value}" for key, value in said.items() if value]
        snakemake = str(Path(sys.executable).with_name("snakemake"))
        return [snakemake, "--cores", "2", *options, "--config", *settings, "--", *targets]

    def environment(self, path: str = os.environ["PATH"]) -> dict[str, str]:
        """Only this copy's code, and no GPU."""
        python = Path(sys.executable).parent
        path = os.pathsep.join([str(self.folder / "bin"), str(python), path])
        source = str(self.folder / "src")
        return {**os.environ, "PATH": path, "PYTHONPATH": source, "CUDA_VISIBLE_DEVICES": ""}

    def run(
        self,
        *arguments: str,
        study: str = "micro",
        path: str = os.environ["PATH"],
        **config: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end; output and errors come together."""
        return subprocess.run(
            self.command(*arguments, study=study, **config),
            cwd=self.folder,
            env=self.environment(path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1200,
        )

    def pending(self, *targets: str, **config: str) -> dict[str, str]:
        """The files that Snakemake would make again, with the rules that make them."""
        rows = self.summary("--summary", *targets, **config)
        return {row["output_file"]: row["rule"] for row in rows if row["plan"] == "update pending"}

    def inputs(self, *targets: str, **config: str) -> dict[str, set[str]]:
        """The files that each rule reads, over all of its jobs."""
        found: dict[str, set[str]] = {}
        for cells in self.summary("--detailed-summary", *targets, **config):
            found.setdefault(cells["rule"], set()).update(cells["input-file(s)"].split(","))
        return found

    def summary(self, option: str, *targets: str, **config: str) -> list[dict[str, str]]:
        """What Snakemake says of each file that it makes, by the names of its columns."""
        ended = self.run(option, *targets, **config)
        assert ended.returncode == 0, ended.stdout
        lines = [line.split("\t") for line in ended.stdout.splitlines()]
        start = next(n for n, cells in enumerate(lines) if cells[0] == "output_file")
        return [
            dict(zip(lines[start], cells, strict=True))
            for cells in lines[start + 1 :]
            if len(cells) == len(lines[start])
        ]

    @contextmanager
    def restored(self, path: str) -> Iterator[Path]:
        """A file that is afterwards what it was, its time too."""
        file = self.folder / path
        content, times = file.read_bytes(), file.stat()
        try:
            yield file
        finally:
            file.write_bytes(content)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def edited(self, path: str, old: str, new: str) -> Iterator[None]:
        """The file with its first `old` replaced, and afterwards as it was."""
        with self.restored(path) as file:
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new, 1), encoding="utf-8")
            yield

    def program(self, python: str) -> None:
        """Let the command `nagbench` be Python with these arguments before its own."""
        program = self.folder / "bin" / "nagbench"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {python} "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    def copy(self, folder: Path) -> "Checkout":
        """Another copy, with the results and the times of all files."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Checkout(folder)


def output_of(command: list[str], folder: Path, settings: Mapping[str, str]) -> str:
    """What a command says in a folder, with this environment, if it ends well."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1200,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def has_tex() -> bool:
    return all(shutil.which(program) for program in ("latexmk", "biber"))


def everything() -> list[str]:
    """All targets that this machine can make."""
    return ["all"] if has_tex() else ["figures", "tables", "report"]


def check_out(folder: Path) -> Checkout:
    """Copy what the workflow needs, and give it the small study and a `nagbench` command."""
    folder.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_symlink():
            (folder / part).symlink_to(source.readlink())
        elif source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True, ignore=left_out)
        else:
            shutil.copy2(source, folder / part)
    (folder / STUDY).write_text(yaml.safe_dump(MICRO, sort_keys=False), encoding="utf-8")
    paper = folder / "paper" / "main.tex"
    paper.parent.mkdir()
    paper.write_text(PAPER, encoding="utf-8")
    shutil.copy(REPOSITORY / "paper" / "latexmkrc", paper.parent)
    checkout = Checkout(folder)
    checkout.program("-m nagbench")
    return checkout


def commit_records(checkout: Checkout) -> None:
    """Put what was trained where committed records are, and remove what was made of it."""
    committed, results = checkout.folder / "paper/records", checkout.folder / "results"
    shutil.copytree(results / "micro/records", committed / "micro")
    shutil.copytree(results / "validation", committed / "validation")
    shutil.rmtree(results)
