"""Pytest from a process that has slow imports behind it: it forks for each run.

    python envs/forked_pytest.py serve SOCKET MODULE...    imports these, then answers runs
    python envs/forked_pytest.py run SOCKET ARGUMENT...    ends with pytest's status

If a run is killed, so is its fork.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys


def serve(path: str, modules: list[str]) -> None:
    """Answer one run after the other, in the folder in which this began."""
    sys.dont_write_bytecode = True  # two sources of one second and length would share it
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # forks search for garbage in what is theirs alone
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                _answer(connection)


def _answer(connection: socket.socket) -> None:
    arguments = json.loads(connection.makefile().readline())
    child = os.fork()
    if child == 0:
        import pytest

        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(int(pytest.main(arguments)))
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, connection], [], [])
    if ended not in ready:  # whoever asked is gone
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(ended)
    if ended in ready:
        connection.sendall(bytes([status & 255]))


def run(path: str, arguments: list[str]) -> int:
    """Pytest's status of these arguments."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(json.dumps(arguments).encode() + b"\n")
        return connection.recv(1)[0]


if __name__ == "__main__":
    verb, place, *rest = sys.argv[1:]
    sys.exit(serve(place, rest) if verb == "serve" else run(place, rest))
