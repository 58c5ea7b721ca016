"""The tests of damaged input, led by what they reach: atheris changes what made new code run.

    PYTHONPATH=src:tests:tests/fuzz python tests/fuzz/guided.py CASES [TEST …]

Each test has a process of its own. What led to new code stays in results/fuzz, from which the next
run goes on; so does what a test failed with.
"""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import atheris
from hypothesis import given, strategies

HERE, OUT = Path(__file__).parent, Path("results/fuzz")
GUIDED = "NAGBENCH_GUIDED"  # set for the process of a test
LONGEST = 4096  # bytes from which a case is drawn


def tests() -> dict[str, Callable[..., None]]:
    """Those of the suite that draw their cases, by name."""
    with (
        atheris.instrument_imports(include=["nagbench"]) if GUIDED in os.environ else nullcontext()
    ):
        modules = [import_module(path.stem) for path in sorted(HERE.glob("test_*.py"))]
    found = {name: value for module in modules for name, value in vars(module).items()}
    return {
        name: value
        for name, value in found.items()
        if name.startswith("test_") and hasattr(value, "hypothesis")
    }


def target(test: Callable[..., None], cases: int) -> Callable[[bytes], None]:
    """Draws a case from bytes and tries it; ends the process, well, after so many."""
    handle: Any = test.hypothesis  # type: ignore[attr-defined]
    places = set(inspect.signature(handle.inner_test).parameters) & {"tmp_path"}
    done = 0

    @given(strategies.fixed_dictionaries(handle._given_kwargs))
    def drawn(case: dict[str, Any]) -> None:
        nonlocal done
        done += 1
        with TemporaryDirectory() as folder:
            handle.inner_test(**case, **dict.fromkeys(places, Path(folder)))

    def one(content: bytes) -> None:
        drawn.hypothesis.fuzz_one_input(content)  # type: ignore[attr-defined]
        if done >= cases:
            print(f"{test.__name__}: {done:,} cases, none failed", flush=True)
            os._exit(0)

    return one


def guide(name: str, cases: int) -> None:
    """Try a test; never returns."""
    begin = OUT / name
    begin.mkdir(parents=True, exist_ok=True)
    for seed in range(20):
        (begin / str(seed)).write_bytes(Random(seed).randbytes(LONGEST))
    options = [f"-max_len={LONGEST}", "-len_control=0", "-verbosity=0"]
    kept = f"-artifact_prefix={OUT}/{name}-"
    atheris.Setup([name, *options, kept, str(begin)], target(tests()[name], cases))
    atheris.Fuzz()


def main(cases: str, *names: str) -> int:
    if GUIDED in os.environ:
        guide(names[0], int(cases))
    failed = []
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names or tests():
        command = [sys.executable, __file__, cases, name]
        settings = {**os.environ, GUIDED: "1"}
        with (OUT / f"{name}.log").open("w+", encoding="utf-8") as log:
            if subprocess.run(command, env=settings, stderr=log, check=False).returncode:
                failed.append(name)
                log.seek(0)
                print(f"{name} failed:\n{log.read()[-5000:]}")
    print(f"failed: {', '.join(failed) or 'none'}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
