# SPDX-License-Identifier: Apache-2.0
"""Starts `serve` and the other servers of vectors, and asks them; and `embed`, whose time and vectors they are compared with.

Imported by serve_load.py.
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np

import swiftlet

HERE = pathlib.Path(__file__).resolve().parent
MODEL = swiftlet.ROOT / "weights" / "all-MiniLM-L6-v2"
SERVER = swiftlet.ROOT / "Examples" / "Server" / ".build" / "release" / "serve"
RERANKER = swiftlet.ROOT / "Tests" / "SwiftletEncodersTests" / "Fixtures" / "cross-encoders" / "bert"
PEERS = ["infinity-torch", "infinity-onnx", "fastapi", "fastapi-batching", "fastapi-workers"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A server, from its start until it answers at `ready`, to the end of the `with` block."""

    def __init__(self, command, port, path, ready="/health", environment=None, patience=120):
        self.port, self.path = port, path
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=HERE,
            env=os.environ | (environment or {}), start_new_session=True)
        try:
            self.wait(ready, time.monotonic() + patience)
        except BaseException:
            self.stop()
            raise

    def wait(self, ready, end):
        while True:
            try:
                if self.ask("GET", ready, timeout=5)[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise swiftlet.Failure(f"it does not start:\n{self.words()[-2000:]}")
            time.sleep(0.1)

    def words(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def ask(self, method, path, body=None, timeout=300):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def vectors(self, inputs, **more):
        status, answer = self.ask("POST", self.path, {"model": "m", "input": inputs, "encoding_format": "base64"} | more)
        if status != 200:
            raise swiftlet.Failure(f"{status}: {answer[:500]!r}")
        data = sorted(json.loads(answer)["data"], key=lambda item: item["index"])
        return np.array([np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data])

    def metrics(self):
        lines = [line.rsplit(" ", 1) for line in self.ask("GET", "/metrics")[1].decode().splitlines() if line[:1] not in "#"]
        return {name: float(value) for name, value in lines}

    def peak_megabytes(self):
        """Of the process and all that it started, added up."""
        total, parents = 0, {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = pathlib.Path("/proc", name, "status").read_text()
            except OSError:
                continue
            fields = dict(re.findall(r"^(PPid|VmHWM):\s+(\d+)", status, re.M))
            parents[int(name)] = int(fields["PPid"]), int(fields.get("VmHWM", 0))
        family = {self.process.pid}
        while more := {process for process, (parent, _) in parents.items() if parent in family} - family:
            family |= more
        for process in family:
            total += parents.get(process, (0, 0))[1]
        return total / 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:  # workers, too
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.close()


class Servers:
    """How each server is started."""

    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work

    def start(self, name):
        return getattr(self, name.replace("-", "_"))(free_port())

    def swiftlet(self, port, *options):
        command = [self.arguments.server, "--model", MODEL, "--port", port, "--quiet", "--precision", self.arguments.precision, *options]
        return Process(command, port, "/v1/embeddings", "/health")

    def graph(self):
        """The model in ONNX, its operators fused, as the other benchmarks measure it."""
        import engines

        if not (self.work / "fused.onnx").exists():
            for _ in engines.onnxruntime(MODEL, "float32", self.work):
                pass
        return self.work / "fused.onnx"

    def fastapi(self, port, *options):
        command = [sys.executable, HERE / "fastapi_app.py", "--model", MODEL, "--graph", self.graph(), "--port", port, *options]
        return Process(command, port, "/v1/embeddings", "/health")

    def fastapi_batching(self, port):
        return self.fastapi(port, "--batching")

    def fastapi_workers(self, port):
        return self.fastapi(port, "--workers", os.cpu_count(), "--threads", 1)

    def infinity(self, port, engine, model):
        if not self.arguments.infinity:
            raise swiftlet.Failure("give the Python of its environment with --infinity")
        command = [
            self.arguments.infinity.absolute().parent / "infinity_emb", "v2", "--model-id", model, "--served-model-name", "m",
            "--engine", engine, "--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", port,
            "--pooling-method", "mean", "--log-level", "warning", "--no-compile", *self.arguments.infinity_options.split()]
        environment = {
            "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(self.work / "huggingface"),
            "TOKENIZERS_PARALLELISM": "true"}
        return Process(command, port, "/embeddings", "/health", environment)

    def infinity_torch(self, port):
        return self.infinity(port, "torch", MODEL)

    def infinity_onnx(self, port):
        """Its folder must have the graph, with the output's usual name."""
        folder = self.work / "model-with-graph"
        if not (folder / "onnx" / "model.onnx").exists():
            import engines
            import onnx

            shutil.copytree(MODEL, folder, dirs_exist_ok=True)
            graph = onnx.load(engines.onnx_graph(MODEL, self.work))
            for node in graph.graph.node:
                node.output[:] = ["last_hidden_state" if output == "output" else output for output in node.output]
            graph.graph.output[0].name = "last_hidden_state"
            (folder / "onnx").mkdir(exist_ok=True)
            onnx.save(graph, folder / "onnx" / "model.onnx")
        return self.infinity(port, "optimum", folder)


def processor_seconds(texts, work, precision="float32"):
    """User and system time of `embed`."""
    path = write_lines(texts, work / "texts.txt")
    process = subprocess.Popen(
        [swiftlet.PROGRAMS / "embed", "--model", MODEL, "--input", path, "--output", work / "vectors.npy", "--format", "npy",
         "--normalize", "--quiet", "--precision", precision])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise swiftlet.Failure("embed failed")
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def in_turns(precision):
    """An `embed` and what asks it: a function that sends some texts and waits for their vectors."""
    command = [swiftlet.PROGRAMS / "embed", "--model", MODEL, "--input", "-", "--format", "jsonl", "--quiet", "--precision", precision]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        def ask(texts):
            process.stdin.write("".join(f"{text}\n" for text in texts).encode())
            process.stdin.flush()
            for _ in texts:
                if not process.stdout.readline():
                    raise swiftlet.Failure("embed ended")
        yield process, ask
        process.stdin.close()


def write_lines(texts, path):
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def embedded(texts, work):
    processor_seconds(texts, work)
    return np.load(work / "vectors.npy")
