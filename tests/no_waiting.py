"""Finds out what would make the host wait for the device, on a CPU too."""

from torch.utils._python_dispatch import TorchDispatchMode


class NoWaiting(TorchDispatchMode):
    """Refuses what needs a number from the device, or a shape that depends on one."""

    REFUSED = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = func.overloadpacket.__name__
        assert name not in self.REFUSED, f"{name} makes the host wait"
        return func(*args, **(kwargs or {}))
