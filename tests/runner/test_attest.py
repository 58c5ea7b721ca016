"""Attestations as they lie beside records."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.runner import attest

ENTRY = asdict(attest.Attestation("tiny", "sgd", "old", "new", "r", "cpu", "2.13", "2026"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "5",
        '{"workload": "tiny"}',
        "[[]]",
        json.dumps([{**ENTRY, "more": ""}]),
        json.dumps([{name: text for name, text in ENTRY.items() if name != "run"}]),
        json.dumps([{**ENTRY, "old": 5}]),
        json.dumps([{**ENTRY, "old": None}]),
    ],
)
def test_what_is_no_attestation_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / attest.NAME).write_text(text)
    with pytest.raises(InputError, match="allowed: a file written by"):
        attest.read(tmp_path)


def test_attestations_come_back(tmp_path: Path) -> None:
    assert attest.read(tmp_path) == []
    entry = attest.Attestation(**ENTRY)
    attest.write(tmp_path, [entry, entry])
    assert attest.read(tmp_path) == [entry]
