"""Work captured as a CUDA graph: the streams that it takes, and what a failure leaves behind."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import cycle

import torch

LANES = 31  # torch has 32 streams, which it hands out in turn; one is the trunk


class NotCapturable(Exception):  # noqa: N818 - no error: such work is launched operation by operation
    """Work whose replay would not repeat it."""


def capture_graph(
    branches: Sequence[Callable[[], object]], device: torch.device
) -> Callable[[], None]:
    """The work of all branches as one CUDA graph, side by side; returns what replays it.

    Each branch holds its own kernels alone, so its results are those of the branch by itself. One
    that fails leaves the process as it was: every branch joined, the stream restored. The error is
    then the first one, not those that follow from it.
    """
    trunk, lanes = _streams(device)
    outside = torch.cuda.current_stream(device)
    graph = torch.cuda.CUDAGraph()
    failed: Exception | None = None
    torch.cuda.synchronize(device)
    try:
        with torch.cuda.graph(graph, stream=trunk):
            forked: list[torch.cuda.Stream] = []
            try:
                for branch, lane in zip(branches, cycle(lanes), strict=False):
                    lane.wait_stream(trunk)
                    forked.append(lane)
                    with torch.cuda.stream(lane):
                        branch()
            except Exception as error:
                failed = error
            finally:
                for lane in dict.fromkeys(forked):
                    trunk.wait_stream(lane)
    except Exception as error:
        failed = failed or error
    finally:
        torch.cuda.set_stream(outside)  # which torch forgets where a capture ends in an error
    if failed is None:
        return graph.replay
    said = str(failed).splitlines()[0] if str(failed) else type(failed).__name__
    if isinstance(failed, torch.OutOfMemoryError) or "out of memory" in said:
        raise torch.OutOfMemoryError(said) from failed
    raise NotCapturable(f"not capturable: {said}") from failed


@cache
def _streams(device: torch.device) -> tuple[torch.cuda.Stream, list[torch.cuda.Stream]]:
    """The trunk and the lanes of all captures on a device, made once: no two are the same."""
    trunk, *lanes = (torch.cuda.Stream(device) for _ in range(1 + LANES))  # type: ignore[no-untyped-call]
    return trunk, lanes
