"""The HTML report, opened in a real browser without a window and clicked through."""

import html
import shutil
import subprocess
from pathlib import Path

import pytest
from checkout import Checkout

from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.table_files import TABLES

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
# Clicks whatever is called by each word in turn, and says at each stop what the page shows.
CLICKS = """<script>
const seen = [];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function tour(words) {
  for (const word of words) {
    const found = [...document.querySelectorAll("a, button, td, span")]
      .filter((node) => node.textContent.trim() === word).pop();
    if (!found) { seen.push("MISSING " + word); break; }
    found.click();
    await pause(500);
    seen.push(document.body.innerText);
  }
  const text = document.createElement("pre");
  text.id = "tour";
  text.textContent = seen.join("\\n=====\\n");
  document.body.replaceChildren(text);
}
window.addEventListener("load", () => setTimeout(() => tour(WORDS), 500));
</script>"""


def toured(report: Path, words: list[str], folder: Path) -> list[str]:
    """What the report's page shows after each click."""
    page = folder / "report.html"
    script = CLICKS.replace("WORDS", str(words))
    body, end, rest = report.read_text(encoding="utf-8").rpartition("</body>")
    page.write_text(f"{body}{script}{end}{rest}", encoding="utf-8")
    assert BROWSER is not None, "no Chromium"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'user'}"]
    ended = subprocess.run(
        [BROWSER, *options, "--virtual-time-budget=20000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    tour = ended.stdout.partition('<pre id="tour">')[2].partition("</pre>")[0]
    return html.unescape(tour).split("\n=====\n")


@pytest.mark.browser
def test_every_figure_and_table_is_found_by_clicking(finished: Checkout, tmp_path: Path) -> None:
    report = finished.folder / "results/micro/report.html"
    for word, names in (("Figures", FIGURES), ("Tables", TABLES)):
        (page,) = toured(report, [word], tmp_path)
        assert set(names) <= set(page.split())
