"""The explorer in a real browser: what a reader does, with all the committed evidence in it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from shown import Shown

from nagbench.cli import main
from nagbench.exploring.page import write_page

PACKAGES = Path(".stamps/explorer").resolve()
READER = Path(__file__).with_name("reader.mjs")
READS = re.findall(
    r'^reader\(\s*"(.*?)"', READER.with_name("reads.mjs").read_text(encoding="utf-8"), re.MULTILINE
)
READS += [f"reads it in the {scheme}" for scheme in ("light", "dark")]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
VALIDATION = Path("paper/records/validation")
MOST = 2_000_000  # bytes of a page
LACKING = [
    name
    for name, there in {
        "chromium": BROWSER,
        "node": shutil.which("node"),
        "what `make explorer-bundle` installs": (PACKAGES / "node_modules").is_dir(),
    }.items()
    if not there
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(LACKING), reason=f"needs {', '.join(LACKING)}"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, shown: Shown) -> dict[str, Path]:
    """The pages of all committed studies, and of one whose words are hostile."""
    folder = tmp_path_factory.mktemp("pages")
    made = {"hostile": folder / "hostile.html"}
    write_page(shown.content, made["hostile"])
    for name, study in {"pilot": "pilot", "begun": "cifar10-cnn"}.items():
        made[name], statistics = folder / f"{name}.html", folder / f"statistics-{name}"
        records = f"paper/records/{study}"
        places = [f"--{kind}={VALIDATION / kind}.parquet" for kind in ("theory", "calibration")]
        tables = ["statistics", study, f"--records={records}", *places, f"--output={statistics}"]
        page = ["explore", study, f"--records={records}", f"--statistics={statistics}"]
        assert main(tables) == 0
        assert main([*page, f"--output={made[name]}"]) == 0
    return made


@pytest.fixture(scope="module")
def read(pages: dict[str, Path]) -> dict[str, str | None]:
    """By what a reader does, what went wrong, or nothing."""
    told = {
        "packages": str(PACKAGES),
        "chromium": BROWSER,
        "pages": {k: str(v) for k, v in pages.items()},
    }
    ended = subprocess.run(
        ["node", READER, json.dumps(told)], capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    lines = map(json.loads, ended.stdout.splitlines())
    return {line["name"]: line["error"] for line in lines}


@pytest.mark.parametrize("what", READS)
def test_a_reader(what: str, read: dict[str, str | None]) -> None:
    assert set(read) == set(READS)
    assert read[what] is None, read[what]


def test_all_evidence_fits_into_a_page(pages: dict[str, Path]) -> None:
    assert max(path.stat().st_size for path in pages.values()) <= MOST


def test_the_committed_script_is_what_its_sources_make(tmp_path: Path) -> None:
    """Byte for byte, with the same esbuild."""
    package = Path("src/nagbench/exploring")
    digest, _, _ = (package / "bundle.js").read_text(encoding="utf-8").partition("\n")
    made = tmp_path / "bundle.js"
    subprocess.run(
        [PACKAGES / "node_modules/.bin/esbuild", package / "javascript/main.js", "--bundle",
         "--minify", "--format=iife", "--target=es2022", "--charset=utf8", "--legal-comments=none",
         f"--banner:js={digest}", f"--outfile={made}", "--log-level=warning"],
        check=True,
        env={"NODE_PATH": str(PACKAGES / "node_modules"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert made.read_bytes() == (package / "bundle.js").read_bytes()
