"""Takes the place of a cluster of Kubernetes: the few answers that Snakemake's plugin asks for.

A pod is a process of this machine in an empty folder, with the environment that it was given and no
other. A copy of the repository stands for the clone in its image.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

IN_THE_IMAGE = "/nagbench"
Answer = dict[str, Any]


class Pods:
    """What was asked for, and the processes that do it.

    Attributes:
        asked: The container of each pod, as it was asked for.
        secrets: Names and values of what pods are given.
    """

    def __init__(self, folder: Path, image: Path, environment: dict[str, str]) -> None:
        self.folder, self._image, self._environment = folder, image, environment
        self.asked: dict[str, Answer] = {}
        self.secrets: dict[str, str] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def answer(self, method: str, path: str, said: Answer) -> Answer:
        """What the cluster says to a request."""
        *_, kind, name = path.partition("?")[0].removesuffix("/status").split("/")
        if method == "POST" and name == "secrets":
            for key, value in said.get("data", {}).items():
                self.secrets[key] = base64.b64decode(value).decode()
        elif method == "POST" and name == "jobs":
            self._start(said["metadata"]["name"], said["spec"]["template"]["spec"])
        elif method == "GET" and kind == "jobs":
            status = self._running[name].poll()
            return {"status": {} if status is None else {("failed", "succeeded")[status == 0]: 1}}
        return {"items": []} if name == "pods" else {}

    def output(self) -> str:
        """What all pods said."""
        files = sorted(self.folder.glob("*.output"))
        return "\n".join(file.read_text(encoding="utf-8") for file in files)

    def end(self) -> None:
        """Leave no process behind."""
        for process in self._running.values():
            process.kill()
            process.wait()

    def _start(self, name: str, pod: Answer) -> None:
        (container,) = pod["containers"]
        self.asked[name] = container
        given = {
            one["name"]: self.secrets[one["valueFrom"]["secretKeyRef"]["key"]]
            for one in container["env"]
        }
        words = [*container["command"], *container["args"]]
        empty = self.folder / name
        empty.mkdir()
        with (self.folder / f"{name}.output").open("wb") as output:
            self._running[name] = subprocess.Popen(
                [word.replace(f"{IN_THE_IMAGE} ", f"{self._image} ") for word in words],
                cwd=empty,
                env=self._environment | given,
                stdout=output,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def cluster(pods: Pods) -> Iterator[Path]:
    """The file that tells where the cluster is, which answers until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = pods.answer(self.command, self.path, json.loads(text or "{}"))
            words = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    place = pods.folder / "kubeconfig"
    where = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    says = {
        "current-context": "here", "clusters": [where], "contexts": [context],
        "users": [{"name": "me", "user": {}}],
    }  # fmt: skip
    place.write_text(yaml.safe_dump(says), encoding="utf-8")
    try:
        yield place
    finally:
        pods.end()
        server.shutdown()
        server.server_close()
