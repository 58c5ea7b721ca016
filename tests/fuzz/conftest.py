"""What `make fuzz` tries is counted, and written to the table of docs/reference/faults.md."""

import gc
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import limits
import pytest
from tried import PLACE, Tried, renewed

_calls: dict[str, pytest.TestReport] = {}
_tried: dict[str, Tried] = {}


@pytest.fixture(autouse=True)
def _counted(request: pytest.FixtureRequest) -> Iterator[None]:
    limits.tally = limits.Tally()
    gc.collect()  # what other tests left would go during a case, and hide as much that it takes
    yield
    if marker := request.node.get_closest_marker("fuzz"):
        request.node.user_properties.append(("kind", marker.args[0]))
        request.node.user_properties.append(("tally", asdict(limits.tally)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that all reports reach: of the call for its time, of its end for the count."""
    known: dict[str, Any] = dict(report.user_properties)
    if report.when == "call":
        _calls[report.nodeid] = report
    elif report.when == "teardown" and "tally" in known and report.nodeid in _calls:
        call = _calls[report.nodeid]
        tally = limits.Tally(**known["tally"])
        _tried[known["kind"]] = Tried(tally, call.failed, call.duration)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _tried and "NAGBENCH_FUZZ" in os.environ and not hasattr(session.config, "workerinput"):
        page = session.config.rootpath / PLACE
        page.write_text(renewed(page.read_text(encoding="utf-8"), _tried), encoding="utf-8")
