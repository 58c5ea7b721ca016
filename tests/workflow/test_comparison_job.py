"""An optimizer of the user's is compared by one job, and nothing else of the study is made."""

from pathlib import Path

import pytest
from checkout import Checkout, everything

MINE = """
import torch


class FastNAG(torch.optim.SGD):
    def __init__(self, params, lr=0.05):
        super().__init__(params, lr=lr, momentum=0.9, nesterov=True)
"""


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    return finished.copy(tmp_path / "checkout")


@pytest.mark.slow
def test_it_has_a_card_and_its_study_stays(checkout: Checkout) -> None:
    (checkout.folder / "mine.py").write_text(MINE)
    ended = checkout.run(compare="mine.py:FastNAG")
    assert ended.returncode == 0, ended.stdout
    made = checkout.folder / "results/compare-micro-fast_nag"
    assert (made / "card.html").is_file()
    assert (made / "card.pdf").is_file()
    assert "FastNAG against SGD" in (made / "logs/compare.log").read_text()
    assert checkout.pending(*everything()) == {}
    # An edit of the user's file trains it again.
    (checkout.folder / "mine.py").write_text(MINE.replace("0.9", "0.8"))
    assert set(checkout.pending(compare="mine.py:FastNAG").values()) == {"compare"}


@pytest.mark.slow  # for its checkout
def test_a_part_or_committed_records_are_refused(checkout: Checkout) -> None:
    for words in ({"records": "committed"}, {"workloads": "tiny"}):
        ended = checkout.run("--dry-run", compare="mine.py:FastNAG", **words)
        assert ended.returncode != 0
        assert "Traceback" not in ended.stdout
