"""What capturing asks of torch, told by a stand-in: streams, joins, and what a failure leaves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from nagbench.engine import graph
from nagbench.engine.graph import LANES, NotCapturable, capture_graph

DEVICE = torch.device("cuda:1")
POOL = 32  # streams that torch hands out in turn


class Stream:
    """One of the pool; forked from the trunk it takes part in the capture until it is joined."""

    def __init__(self, cuda: "Cuda") -> None:
        self.number = cuda.made % POOL
        cuda.made += 1
        self._cuda = cuda

    def wait_stream(self, other: "Stream") -> None:
        if self._cuda.broken:
            raise RuntimeError("CUDA error: operation failed due to a previous error")
        if self is self._cuda.trunk:
            assert other.number in self._cuda.forked, "a wait for what is not captured"
            self._cuda.forked.discard(other.number)
        else:
            self._cuda.forked.add(self.number)


class Cuda:
    """Stands in for `torch.cuda`, as far as a capture uses it."""

    OutOfMemoryError = torch.OutOfMemoryError

    def __init__(self) -> None:
        self.made, self.broken, self.at_the_end = 0, False, ""
        self.forked: set[int] = set()
        self.trunk: Stream | None = None
        self.outside = self.current = Stream(self)
        self.made = 0
        self.worked: list[tuple[int, str]] = []

    def Stream(self, device: torch.device) -> Stream:  # noqa: N802 - as torch calls it
        assert device == DEVICE
        return Stream(self)

    def CUDAGraph(self) -> Any:  # noqa: N802
        class Graph:
            replay = staticmethod(lambda: None)

        return Graph()

    def current_stream(self, _: torch.device) -> Stream:
        return self.current

    def set_stream(self, stream: Stream) -> None:
        self.current = stream

    def synchronize(self, _: torch.device) -> None: ...

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, _: object, stream: Stream) -> Iterator[None]:
        """As torch's: its end may raise, and then the stream stays where it was."""
        before, self.current, self.trunk = self.current, stream, stream
        try:
            yield
        finally:
            self.trunk = None
            if self.broken or self.forked:
                raise RuntimeError("CUDA error: capture ended with unjoined work")
            if self.at_the_end:
                raise RuntimeError(self.at_the_end)
            self.current = before


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cuda]:
    made = Cuda()
    for name in ("Stream", "CUDAGraph", "current_stream", "set_stream", "synchronize", "stream"):
        monkeypatch.setattr(torch.cuda, name, getattr(made, name))
    monkeypatch.setattr(torch.cuda, "graph", made.graph)
    graph._streams.cache_clear()
    yield made
    graph._streams.cache_clear()


def working(cuda: Cuda, count: int) -> list[Callable[[], None]]:
    """Branches that note on which stream they work."""
    return [lambda n=n: cuda.worked.append((cuda.current.number, str(n))) for n in range(count)]


def breaking(cuda: Cuda, error: Exception, invalid: bool) -> Callable[[], None]:
    """A branch that fails; where the capture becomes `invalid`, all that follows fails too."""

    def work() -> None:
        cuda.broken = invalid
        raise error

    return work


@pytest.mark.parametrize("count", [1, 2, LANES, LANES + 3])
def test_each_branch_has_a_stream_of_its_own_as_far_as_there_are(cuda: Cuda, count: int) -> None:
    for _ in range(3):
        cuda.worked.clear()
        capture_graph(working(cuda, count), DEVICE)
        numbers = [number for number, _ in cuda.worked]
        assert len(set(numbers)) == min(count, LANES)
        assert cuda.current is cuda.outside
        assert not cuda.forked
    trunk, lanes = graph._streams(DEVICE)
    assert len({stream.number for stream in (trunk, *lanes)}) == 1 + LANES  # type: ignore[attr-defined]
    assert cuda.made == 1 + LANES  # once for all captures


@pytest.mark.parametrize("invalid", [False, True])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_what_fails_leaves_the_process_as_it_was_and_says_why(
    cuda: Cuda, invalid: bool, before: int
) -> None:
    error = RuntimeError("operation not permitted when stream is capturing\nmore")
    branches = [*working(cuda, before), breaking(cuda, error, invalid), *working(cuda, 1)]
    with pytest.raises(NotCapturable, match="not capturable: operation not permitted") as raised:
        capture_graph(branches, DEVICE)
    assert raised.value.__cause__ is error
    assert "more" not in str(raised.value)
    assert cuda.current is cuda.outside
    assert len(cuda.worked) == before  # nothing after it
    cuda.broken, cuda.forked = False, set()
    capture_graph(working(cuda, 2), DEVICE)  # and the next capture is none the worse


@pytest.mark.parametrize("invalid", [False, True])
def test_want_of_memory_stays_that_whatever_follows_from_it(cuda: Cuda, invalid: bool) -> None:
    """Fewer lanes are the answer to it, not steps without a graph."""
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    branches = [*working(cuda, 1), breaking(cuda, error, invalid)]
    with pytest.raises(torch.OutOfMemoryError, match="2 GiB"):
        capture_graph(branches, DEVICE)
    assert cuda.current is cuda.outside


def test_want_of_memory_for_the_graph_itself_is_that_too(cuda: Cuda) -> None:
    cuda.at_the_end = "CUDA error: out of memory\nCompile with ..."
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        capture_graph(working(cuda, 2), DEVICE)
    assert cuda.current is cuda.outside


def test_what_is_no_error_of_the_capture_passes_through_it(cuda: Cuda) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture_graph([interrupted], DEVICE)
    assert cuda.current is cuda.outside
    assert not cuda.forked
