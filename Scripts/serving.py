# SPDX-License-Identifier: Apache-2.0
"""Starts `serve` of Examples/Server and reads its metrics. Imported by the scripts here. Needs the standard library only."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVER = ROOT / "Examples" / "Server" / ".build" / "release" / "serve"
MODEL = ROOT / "weights" / "all-MiniLM-L6-v2"
RERANKER = ROOT / "Tests" / "SwiftletEncodersTests" / "Fixtures" / "cross-encoders" / "bert"


class StartFailure(Exception):
    """The server ended, or said nothing, before it listened."""


class Server:
    """A running server. It listens at a free port of 127.0.0.1, unless `place` says where, and ends with the `with` block.

    `place` is (host, port) or the path of a Unix socket; the server is then waited for by connecting, not by what it says.
    `stderr` and `prepare` are Popen's stderr and preexec_fn.
    """

    def __init__(self, program=SERVER, *options, place=None, stderr=None, prepare=None):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="serve-", suffix=".log")
        listening = ["--socket", place] if isinstance(place, str) else ["--port", str(place[1] if place else 0)]
        self.process = subprocess.Popen(
            [str(word) for word in (program, "--model", MODEL, *listening, *options)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.log if stderr is None else stderr, preexec_fn=prepare)
        try:
            self.place = place or self._place_in_log()
            self._wait_for_connection()
        except BaseException:
            self.kill()
            raise

    def _wait(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (value := condition()) is not None:
                return value
            if self.process.poll() is not None:
                raise StartFailure(f"exit code {self.process.returncode}: {self.text().strip()}")
            time.sleep(0.02)
        raise StartFailure(f"nothing after {seconds} s: {self.text().strip()}")

    def _place_in_log(self):
        match = self._wait(lambda: re.search(r"listening at http://([^:\s]+):(\d+)", self.text()))
        return match[1], int(match[2])

    def _wait_for_connection(self):
        def connect():
            try:
                self.connect(1).close()
                return True
            except OSError:
                return None
        self._wait(connect)

    def text(self):
        """What the server wrote to standard error."""
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    @property
    def url(self):
        return f"http://{self.place[0]}:{self.place[1]}"

    def connect(self, timeout=30):
        """A socket that is connected to the server."""
        if isinstance(self.place, str):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(self.place)
            return connection
        connection = socket.create_connection(self.place, timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, method, path, body=None, headers=None, timeout=120):
        """(status, headers, bytes) of a request at a connection of its own. A `body` that is not bytes is sent as JSON."""
        client = http.client.HTTPConnection("127.0.0.1", timeout=timeout)
        client.sock = self.connect(timeout)
        try:
            headers = {"Connection": "close"} | (headers or {})
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("Content-Type", "application/json")
            client.request(method, path, body, headers)
            answer = client.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            client.close()

    def metrics(self):
        """Series, with their labels as they are written, to numbers."""
        status, _, text = self.ask("GET", "/metrics")
        if status != 200:
            raise RuntimeError(f"/metrics: {status}")
        lines = [line.rsplit(" ", 1) for line in text.decode().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def busy_seconds(self):
        """The time for which its threads have run, or would have if others had not had the processor."""
        total = 0
        for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            total += sum(map(int, path.read_text().split()[:2]))
        return total / 1e9

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def is_running(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=40):
        """The exit code after a signal."""
        if self.is_running():
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.log.close()


def free_port():
    """A port of 127.0.0.1 at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
