#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `serve` under load, beside other servers of vectors, in one run on one machine.

usage: serve_load.py [--peers NAME,...] [--infinity PYTHON] [--batches 1,32] [--connections 1,4,16,64] [--seconds S] [--results FILE]
       serve_load.py --check-bits N
       serve_load.py --fairness

The peers are infinity-emb, with PyTorch and with ONNX Runtime, and FastAPI around ONNX Runtime, in three ways of writing it.
They need two environments, since infinity-emb wants older packages; a peer that cannot start is left out, with its words:

    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r Benchmarks/peers/requirements-serve.txt
    python3 -m venv .venv-infinity && .venv-infinity/bin/pip install -r Benchmarks/peers/requirements-infinity.txt
    .venv-peers/bin/python Benchmarks/peers/serve_load.py --infinity .venv-infinity/bin/python --work /tmp/serve-load

Each server runs alone and has the bundled model in float32. All are asked through an API like OpenAI's, for base64, by one
client over bare sockets (load_client.py), with texts of 15 tokens that are all different: one a request, and 32. Ours runs
first and again last, and the slower run counts. Printed are requests a second, the 50th and 99th of 100 latencies, the
processor's time a token beside that of `embed` over as many texts, what the client took of the processors, and the ratio to
the best peer.

--check-bits asks for N texts of mixed lengths from 64 clients at once, over all routes and forms of vectors; each must have
the bits that `embed` writes. --fairness times single texts while requests of 2,048 texts are computed. Linux.
"""
import argparse
import base64
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

import load_client
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
        command = [self.arguments.server, "--model", MODEL, "--port", port, "--quiet", *options]
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


# MARK: Load


class Benchmark:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.servers = arguments, work, Servers(arguments, work)
        self.run_count = 0
        self.checked = load_client.texts(16, seed=-1)
        self.expected = embedded(self.checked, work)

    def calm_load(self, server, batch, connections):
        """The run of up to `tries` that others disturbed least."""
        runs = []
        while len(runs) < self.arguments.tries and not (runs and runs[-1]["others_share"] <= swiftlet.Disturbance.ALLOWED):
            runs.append(self.load(server, batch, connections, self.arguments.seconds))
        return min(runs, key=lambda run: run["others_share"])

    def load(self, server, batch, connections, seconds):
        self.run_count += 1
        task = {
            "port": server.port, "path": server.path, "process": server.process.pid, "batch": batch, "connections": connections,
            "seconds": seconds, "warmup": self.arguments.warmup, "encoding": "base64", "seed": self.run_count,
            "most_texts_per_second": self.arguments.most_texts_per_second}
        client = subprocess.run(
            [sys.executable, HERE / "load_client.py"], input=json.dumps(task), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        if client.returncode != 0:
            raise swiftlet.Failure(client.stderr.strip())
        result = json.loads(client.stdout)
        if result["ran_out"]:
            raise swiftlet.Failure("the client ran out of texts; give a larger --most-texts-per-second")
        return result

    def server(self, name):
        """What is measured of a server: (batch, connections) to numbers; `mb`."""
        results = {}
        with self.servers.start(name) as server:
            cosines = (server.vectors(self.checked) * self.expected).sum(axis=1)
            if not cosines.min() > 0.9999:
                raise swiftlet.Failure(f"it computes something else: a cosine of {cosines.min()} with ours")
            for batch in self.arguments.batches:
                for connections in self.arguments.connections:
                    result = self.calm_load(server, batch, connections)
                    results[f"{batch} x {connections}"] = result
                    print(
                        f"{name}: {batch} a request, {connections} connections: {result['requests_per_s']:.1f}/s, p50 "
                        f"{result['p50_ms']:.2f} ms, p99 {result['p99_ms']:.2f} ms, {result['server_us_per_token']:.1f} us a token, "
                        f"client {result['client_share']:.1%}, others {result['others_share']:.1%}", file=sys.stderr, flush=True)
            results["mb"] = server.peak_megabytes()
        return results

    def embed_us_per_token(self):
        """The processor's time of `embed`, less that of a run with one text: the start and the reading of the model."""
        texts = load_client.texts(self.arguments.embed_texts, seed=-2)
        seconds = [processor_seconds(texts[:count], self.work) for count in (1, len(texts))]
        return (seconds[1] - seconds[0]) * 1e6 / (len(texts) - 1) / load_client.TOKENS

    def run(self):
        results = {"embed_us_per_token": self.embed_us_per_token()}
        print(f"embed: {results['embed_us_per_token']:.1f} us a token", file=sys.stderr, flush=True)
        results["swiftlet"] = self.server("swiftlet")
        failures = {}
        for name in self.arguments.peers:
            try:
                results[name] = self.server(name)
            except (swiftlet.Failure, ImportError) as failure:
                failures[name] = str(failure)
                print(f"without {name}: {failure}", file=sys.stderr, flush=True)
        if len(results) > 2:
            again = self.server("swiftlet")
            for key, first in results["swiftlet"].items():
                if key != "mb" and again[key]["requests_per_s"] < first["requests_per_s"]:
                    results["swiftlet"][key] = again[key]
        return results | {"failures": failures}


def processor_seconds(texts, work):
    """User and system time of `embed`."""
    path = write_lines(texts, work / "texts.txt")
    process = subprocess.Popen(
        [swiftlet.PROGRAMS / "embed", "--model", MODEL, "--input", path, "--output", work / "vectors.npy", "--format", "npy",
         "--normalize", "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise swiftlet.Failure("embed failed")
    return usage.ru_utime + usage.ru_stime


def write_lines(texts, path):
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def embedded(texts, work):
    processor_seconds(texts, work)
    return np.load(work / "vectors.npy")


def markdown(results, arguments):
    peers = [name for name in PEERS if name in results]
    lines = []
    for batch in arguments.batches:
        lines += [
            f"\n{'One text' if batch == 1 else f'{batch} texts'} of {load_client.TOKENS} tokens a request: requests/s, and in brackets p50 / p99 in ms",
            "", "| connections | serve | " + "".join(f"{name} | " for name in peers)
            + "ratio to the best | us a token: serve | ratio to embed | client's share |", "|-:|" + "-:|" * (len(peers) + 5)]
        for connections in arguments.connections:
            key = f"{batch} x {connections}"
            def cell(name):
                result = results[name].get(key)
                return f"{result['requests_per_s']:,.1f} ({result['p50_ms']:.1f} / {result['p99_ms']:.1f})" if result else ""
            ours = results["swiftlet"][key]
            best = max((results[name][key]["requests_per_s"] for name in peers if key in results[name]), default=None)
            ratio = f"{ours['requests_per_s'] / best:.2f}" if best else ""
            cost = ours["server_us_per_token"]
            lines.append(
                f"| {connections} | {cell('swiftlet')} | " + "".join(f"{cell(name)} | " for name in peers)
                + f"{ratio} | {cost:.1f} | {cost / results['embed_us_per_token']:.2f} | {ours['client_share']:.1%} |")
    lines += ["", "us a token of the peers: " + "; ".join(
        f"{name} " + ", ".join(f"{key}: {result['server_us_per_token']:.0f}" for key, result in results[name].items() if key != "mb")
        for name in peers)] if peers else []
    lines += ["", "peak MB: " + ", ".join(f"{name} {results[name]['mb']:.0f}" for name in ["swiftlet", *peers])]
    return "\n".join(lines)


# MARK: The same bits under load

# How often each text is asked for, in other company and another form.
PASSES = 3


def mixed_texts(count, seed=0):
    """Texts from one word to beyond the model's limit, some of other scripts."""
    rng, vocabulary = random.Random(seed), load_client.words()
    others = ["é", "Ünïcödé", "漢字", "👩‍👩‍👧", "ﬁ", "[SEP]", "a\u0301", "\u200b", "123,456.78", "C++", "?!"]
    texts = []
    for index in range(count):
        length = rng.choice([1, 2, 5, 13, 40, 130, 300]) if index % 50 else 600
        words = [rng.choice(others) if rng.random() < 0.05 else rng.choice(vocabulary) for _ in range(length)]
        texts.append(" ".join([f"{index}", *words]))
    return texts


def check_bits(arguments, work):
    """Returns whether all vectors have the bits that `embed` writes."""
    texts = mixed_texts(arguments.check_bits)
    expected, lock = embedded(texts, work), threading.Lock()
    left, counts, wrong = list(range(len(texts))) * PASSES, {}, []
    with Servers(arguments, work).swiftlet(free_port(), "--rerank-model", RERANKER) as server:
        fixed = {
            "/rerank": {"query": texts[0], "texts": texts[:40]}, "/v1/rerank": {"query": texts[0], "documents": texts[:20]},
            "/tokenize": {"inputs": texts[:20]}, "/similarity": {"inputs": {"source_sentence": texts[0], "sentences": texts[1:20]}},
            "/embed_all": {"inputs": texts[:4]}}
        known = {path: without_id(server.ask("POST", path, body)[1]) for path, body in fixed.items()}

        def floats(answer):
            return np.array(json.loads(answer), np.float32)

        def decoded(items):
            return np.array([np.frombuffer(base64.b64decode(item), "<f4") for item in items])

        def openai(answer):
            items = [item["embedding"] for item in sorted(json.loads(answer)["data"], key=lambda item: item["index"])]
            return decoded(items) if isinstance(items[0], str) else np.array(items, np.float32)

        forms = {
            "/embed": (lambda inputs: {"inputs": inputs}, floats),
            "/embed in base64": (lambda inputs: {"inputs": inputs, "encoding_format": "base64"}, lambda answer: decoded(json.loads(answer))),
            "/": (lambda inputs: {"inputs": inputs}, floats),
            "/v1/embeddings": (lambda inputs: {"model": "m", "input": inputs}, openai),
            "/v1/embeddings in base64": (lambda inputs: {"model": "m", "input": inputs, "encoding_format": "base64"}, openai),
            "/embeddings": (lambda inputs: {"model": "m", "input": inputs, "encoding_format": "float"}, openai)}

        def client(number):
            rng = random.Random(number)
            while True:
                with lock:
                    if not left:
                        return
                    size = rng.choice([1, 1, 1, 1, 2, 5, 16, 40])
                    indices, left[:] = left[:size], left[size:]
                name = rng.choice(list(forms))
                body, vectors = forms[name]
                inputs = [texts[index] for index in indices]
                status, answer = server.ask("POST", name.split(" ")[0], body(inputs[0] if len(inputs) == 1 and rng.random() < 0.5 else inputs))
                if status != 200:
                    wrong.append(f"{name}: {status} {answer[:200]!r}")
                    continue
                got = vectors(answer)
                if got.shape != expected[indices].shape:
                    wrong.append(f"{name}: the shape {got.shape}")
                else:
                    differing = (got.view(np.uint32) != expected[indices].view(np.uint32)).any(axis=1)
                    wrong.extend(f"{name}, {len(indices)} texts: text {index}" for index, differs in zip(indices, differing) if differs)
                with lock:
                    counts[name] = counts.get(name, 0) + len(indices)
                if rng.random() < 0.1:
                    path = rng.choice(list(fixed))
                    status, answer = server.ask("POST", path, fixed[path])
                    if status != 200 or without_id(answer) != known[path]:
                        wrong.append(f"{path}: another answer under load, {status}")
                    with lock:
                        counts[path] = counts.get(path, 0) + 1

        random.Random(1).shuffle(left)
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            for future in [pool.submit(client, number) for number in range(64)]:
                future.result()
    print(f"64 clients, {len(texts)} texts, each {PASSES} times: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print(f"{len(wrong)} differ from what embed writes" + "".join(f"\n  {line}" for line in wrong[:20]))
    return not wrong


def without_id(answer):
    """Cohere's shape has the request's number in it."""
    return re.sub(rb'"id":"rerank-[^"]*"', b"", answer)


# MARK: A short text beside large requests


def rounds(before, after):
    """(count, mean seconds, upper bound of the longest, upper bound of the bucket below) of the rounds between two states."""
    name = "swiftlet_round_duration_seconds"
    bounds = sorted((float(re.search(r'le="([^"]+)"', key)[1]), after[key] - before.get(key, 0)) for key in after if key.startswith(f"{name}_bucket"))
    count, total = (after[f"{name}_{part}"] - before[f"{name}_{part}"] for part in ("count", "sum"))
    longest = next(index for index, (_, below) in enumerate(bounds) if below == count)
    return count, total / max(count, 1), bounds[longest][0], bounds[longest - 1][0] if longest else 0


def latencies(server, count, seed):
    """Sorted milliseconds of requests with one short text, one after another at one connection."""
    result = []
    connection = load_client.Connection(server.port)
    for text in load_client.texts(count, seed):
        start = time.perf_counter()
        connection.send(load_client.request("/v1/embeddings", text, "base64"))
        while not connection.receive():
            pass
        result.append((time.perf_counter() - start) * 1000)
    connection.socket.close()
    return sorted(result)


def percentile(values, percent):
    return values[min(len(values) - 1, len(values) * percent // 100)]


def fairness(arguments, work):
    count = arguments.fairness_requests
    with Servers(arguments, work).swiftlet(free_port()) as server:
        latencies(server, 50, seed=-3)
        state = server.metrics()
        idle = latencies(server, count, seed=-4)
        idle_rounds = rounds(state, server.metrics())
        texts = load_client.texts(2 * 2048, seed=-5)
        requests = [load_client.request("/v1/embeddings", texts[first:first + 2048], "base64") for first in (0, 2048)]
        stop, answered = threading.Event(), []

        def keep_busy():
            """Two connections, so that one request is in flight while the other's answer is read."""
            load = load_client.Load(server.port, 2, (requests[number % 2] for number in range(1 << 30)))
            while not stop.is_set():
                load.step(True)
            answered.append(len(load.latencies))
            load.finish()

        background = threading.Thread(target=keep_busy)
        background.start()
        while server.metrics()["swiftlet_queue_tokens"] < 20000:
            time.sleep(0.01)
        state, start = server.metrics(), time.perf_counter()
        loaded = latencies(server, count, seed=-6)
        seconds = time.perf_counter() - start
        loaded_rounds = rounds(state, server.metrics())
        stop.set()
        background.join()
    print(f"idle: p50 {percentile(idle, 50):.2f} ms, p99 {percentile(idle, 99):.2f} ms, {len(idle)} requests")
    print(f"beside requests of 2,048 texts: p50 {percentile(loaded, 50):.2f} ms, p99 {percentile(loaded, 99):.2f} ms, largest {loaded[-1]:.2f} ms, "
          f"{len(loaded)} requests in {seconds:.1f} s; {answered[0]} large ones were answered meanwhile")
    for name, (number, mean, upper, lower) in (("idle", idle_rounds), ("loaded", loaded_rounds)):
        print(f"rounds, {name}: {number:.0f}, mean {mean * 1000:.2f} ms, the longest between {lower * 1000:g} and {upper * 1000:g} ms")
    _, _, upper, lower = loaded_rounds
    more = percentile(loaded, 99) - percentile(idle, 99)
    print(f"p99 is {more:.2f} ms above that of the idle server")
    if upper > 1.5 * lower:
        print("the histogram of rounds is coarse: the longest round is known to a factor of "
              f"{upper / lower if lower else float('inf'):.1f} only")
    verdict = "at most" if more <= lower * 1000 else "within the bucket of" if more <= upper * 1000 else "MORE than"
    print(f"that is {verdict} the longest round")
    return more <= upper * 1000


def main():
    def numbers(text):
        return [int(word) for word in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, default=SERVER, metavar="PROGRAM")
    parser.add_argument("--peers", type=lambda text: [] if text == "none" else text.split(","), default=PEERS, help=f"some of {','.join(PEERS)}; none")
    parser.add_argument("--infinity", type=pathlib.Path, metavar="PYTHON", help="the Python of infinity-emb's environment")
    parser.add_argument("--infinity-options", default="", help="more options for it, as one word")
    parser.add_argument("--batches", type=numbers, default=[1, 32], help="texts a request")
    parser.add_argument("--connections", type=numbers, default=[1, 4, 16, 64])
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--warmup", type=float, default=1.5, help="seconds before each")
    parser.add_argument("--most-texts-per-second", type=int, default=6000, help="texts to have ready: more than a server computes")
    parser.add_argument("--tries", type=int, default=3, help="how often to measure while others take over 5 %% of the processors")
    parser.add_argument("--embed-texts", type=int, default=10_000)
    parser.add_argument("--work", type=pathlib.Path, help="a folder for graphs, kept for the next run")
    parser.add_argument("--results", type=pathlib.Path, help="a file for all numbers, as JSON")
    parser.add_argument("--check-bits", type=int, metavar="N")
    parser.add_argument("--fairness", action="store_true")
    parser.add_argument("--fairness-requests", type=int, default=300)
    arguments = parser.parse_args()
    if unknown := set(arguments.peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        if arguments.check_bits or arguments.fairness:
            good = (not arguments.check_bits or check_bits(arguments, work)) & (not arguments.fairness or fairness(arguments, work))
            sys.exit(0 if good else 1)
        results = Benchmark(arguments, work).run()
        if arguments.results:
            arguments.results.write_text(json.dumps(results, indent=1) + "\n")
        print(markdown(results, arguments))


def end(number, _):
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)  # the servers must not outlive this
    try:
        main()
    except (swiftlet.Failure, OSError) as failure:
        raise SystemExit(str(failure))
