#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `serve` under load, beside other servers of vectors, in one run on one machine.

usage: serve_load.py [--peers NAME,...] [--infinity PYTHON] [--batches 1,32] [--connections 1,4,16,64] [--seconds S]
                     [--precision NAME] [--results FILE]
       serve_load.py --check-bits N
       serve_load.py --fairness
       serve_load.py --start
       serve_load.py --cache
       serve_load.py --soak MINUTES

The peers are infinity-emb, with PyTorch and with ONNX Runtime, and FastAPI around ONNX Runtime, in three ways of writing it.
They need two environments, since infinity-emb wants older packages; a peer that cannot start is left out, with its words:

    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r Benchmarks/peers/requirements-serve.txt
    python3 -m venv .venv-infinity && .venv-infinity/bin/pip install -r Benchmarks/peers/requirements-infinity.txt
    .venv-peers/bin/python Benchmarks/peers/serve_load.py --infinity .venv-infinity/bin/python --work /tmp/serve-load

Each server runs alone and has the bundled model. All are asked through an API like OpenAI's, for base64, by one
client over bare sockets (load_client.py), with texts of 15 tokens that are all different: one a request, and 32. Ours runs
first and again last, and the slower run counts. Printed are requests a second, the 50th and 99th of 100 latencies, the
processor's time a token beside that of `embed` for all texts and, for one text a request, beside that of an `embed` that is
given as many texts at a time as there are connections: a server has no more of them to compute together. Also what the client
took of the processors, and the ratio to the best peer. --precision is that of `serve` and `embed` only.

--check-bits asks for N texts of mixed lengths from 64 clients at once, over all routes and forms of vectors; each must have
the bits that `embed` writes. --fairness times single texts while requests of 2,048 texts are computed; --start the start;
--cache compares the server with and without its cache, where half of the texts come again; --soak tells of memory,
descriptors and latency under 64 connections. Linux.
"""
import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

import load_client
import swiftlet
from serve_promises import cache, check_bits, fairness, soak, start
from serve_servers import HERE, PEERS, SERVER, Servers, embedded, in_turns, processor_seconds


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
            if not cosines.min() > (0.9999 if self.arguments.precision == "float32" else 0.99):
                raise swiftlet.Failure(f"it computes something else: a cosine of {cosines.min()} with ours")
            for batch in self.arguments.batches:
                for connections in self.arguments.connections:
                    try:
                        result = self.calm_load(server, batch, connections)
                    except swiftlet.Failure as failure:
                        print(f"{name}: {batch} a request, {connections} connections: {failure}", file=sys.stderr, flush=True)
                        continue
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
        seconds = [processor_seconds(texts[:count], self.work, self.arguments.precision) for count in (1, len(texts))]
        return (seconds[1] - seconds[0]) * 1e6 / (len(texts) - 1) / load_client.TOKENS

    def in_turns_us_per_token(self, count):
        """The same of an `embed` that gets so many texts after the vectors of those before, as a server does from as many clients."""
        with in_turns(self.arguments.precision) as (process, ask):
            for text in load_client.texts(20, seed=-7):
                ask([text])
            before, texts = load_client.processor_seconds(process.pid), load_client.texts(self.arguments.embed_texts // 4 // count * count, seed=-8)
            for first in range(0, len(texts), count):
                ask(texts[first:first + count])
            return (load_client.processor_seconds(process.pid) - before) * 1e6 / len(texts) / load_client.TOKENS

    def run(self):
        turns = {connections: self.in_turns_us_per_token(connections) for connections in self.arguments.connections}
        results = {"embed_us_per_token": self.embed_us_per_token(), "in_turns_us_per_token": turns}
        print(f"embed: {results['embed_us_per_token']:.1f} us a token; "
              + ", ".join(f"{count} texts at a time {cost:.1f}" for count, cost in turns.items()), file=sys.stderr, flush=True)
        results["swiftlet"] = self.server("swiftlet")
        failures = {}
        for name in self.arguments.peers:
            try:
                results[name] = self.server(name)
            except (swiftlet.Failure, ImportError) as failure:
                failures[name] = str(failure)
                print(f"without {name}: {failure}", file=sys.stderr, flush=True)
        if any(name in results for name in self.arguments.peers):
            again = self.server("swiftlet")
            both = [key for key in results["swiftlet"] if key != "mb" and key in again]
            runs = {key: min(results["swiftlet"][key], again[key], key=lambda run: run["requests_per_s"]) for key in both}
            results["swiftlet"] = runs | {"mb": results["swiftlet"]["mb"]}
        return results | {"failures": failures}


def markdown(results, arguments):
    peers = [name for name in PEERS if name in results]
    lines = []
    for batch in arguments.batches:
        lines += [
            f"\n{'One text' if batch == 1 else f'{batch} texts'} of {load_client.TOKENS} tokens a request: requests/s, and in brackets p50 / p99 in ms",
            "", "| connections | serve | " + "".join(f"{name} | " for name in peers)
            + "ratio to the best | us a token: serve | ratio to embed | to embed in turns | client's share |", "|-:|" + "-:|" * (len(peers) + 6)]
        for connections in arguments.connections:
            key = f"{batch} x {connections}"
            def cell(name):
                result = results[name].get(key)
                return f"{result['requests_per_s']:,.1f} ({result['p50_ms']:.1f} / {result['p99_ms']:.1f})" if result else ""
            ours = results["swiftlet"].get(key)
            if not ours:
                continue
            best = max((results[name][key]["requests_per_s"] for name in peers if key in results[name]), default=None)
            ratio = f"{ours['requests_per_s'] / best:.2f}" if best else ""
            cost = ours["server_us_per_token"]
            turns = f"{cost / results['in_turns_us_per_token'][connections]:.2f}" if batch == 1 else ""
            lines.append(
                f"| {connections} | {cell('swiftlet')} | " + "".join(f"{cell(name)} | " for name in peers)
                + f"{ratio} | {cost:.1f} | {cost / results['embed_us_per_token']:.2f} | {turns} | {ours['client_share']:.1%} |")
    lines += ["", "us a token of the peers: " + "; ".join(
        f"{name} " + ", ".join(f"{key}: {result['server_us_per_token']:.0f}" for key, result in results[name].items() if key != "mb")
        for name in peers)] if peers else []
    lines += ["", "peak MB: " + ", ".join(f"{name} {results[name]['mb']:.0f}" for name in ["swiftlet", *peers])]
    return "\n".join(lines)


def main():
    def numbers(text):
        return [int(word) for word in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, default=SERVER, metavar="PROGRAM")
    parser.add_argument("--peers", type=lambda text: [] if text == "none" else text.split(","), default=PEERS, help=f"some of {','.join(PEERS)}; none")
    parser.add_argument("--infinity", type=pathlib.Path, metavar="PYTHON", help="the Python of infinity-emb's environment")
    parser.add_argument("--infinity-options", default="", help="more options for it, as one word")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16", "int8"))
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
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--fairness-requests", type=int, default=300)
    arguments = parser.parse_args()
    if unknown := set(arguments.peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        promises = [check for check in (check_bits, fairness, start, cache, soak) if getattr(arguments, check.__name__)]
        if promises:
            sys.exit(0 if all([check(arguments, work) for check in promises]) else 1)
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
