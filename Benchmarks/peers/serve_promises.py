# SPDX-License-Identifier: Apache-2.0
"""Holds `serve` to its promises: the same bits under load, a short text that large requests do not hold up, a quick start,
and memory, descriptors and latency that do not rise.

Imported by serve_load.py.
"""
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import threading
import time

import numpy as np

import load_client
import swiftlet
from serve_servers import MODEL, RERANKER, Servers, embedded, free_port, write_lines

# How often each text is asked for, in other company and another form.
PASSES = 3


def mixed_texts(count, seed=0):
    """Texts from one word to beyond the model's limit, some of other scripts."""
    rng, vocabulary = random.Random(seed), load_client.words()
    others = ["é", "Ünïcödé", "漢字", "👩‍👩‍👧", "ﬁ", "[SEP]", "a\u0301", "\u200b", "123,456.78", "C++", "?!"]
    texts = []
    lengths = {1: 4, 2: 4, 5: 4, 13: 6, 40: 4, 130: 1, 300: 0.3, 600: 0.5}
    for index in range(count):
        length = rng.choices(list(lengths), list(lengths.values()))[0]
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
    # A short text may wait for a round that has begun and be computed in the next.
    verdict = "at most" if more <= 2 * lower * 1000 else "within the bucket of" if more <= 2 * upper * 1000 else "MORE than"
    print(f"that is {verdict} twice the longest round")
    return more <= 2 * upper * 1000


def start(arguments, work):
    """From exec to the first 200 of /health/ready, less from exec to the end of an `embed` with one text."""
    differences, path = [], write_lines(["A man is eating food."], work / "one.txt")
    embed = [swiftlet.PROGRAMS / "embed", "--model", MODEL, "--quiet", "--input", path, "--output", work / "one.npy", "--format", "npy"]
    for _ in range(21):
        begin = time.perf_counter()
        subprocess.run([str(word) for word in embed], check=True)
        seconds, port = time.perf_counter() - begin, free_port()
        begin = time.perf_counter()
        process = subprocess.Popen([str(arguments.server), "--model", str(MODEL), "--port", str(port), "--quiet"])
        try:
            while not is_ready(port):
                if process.poll() is not None:
                    raise swiftlet.Failure("serve ended before it was ready")
                time.sleep(0.0005)
            differences.append(time.perf_counter() - begin - seconds)
        finally:
            process.kill()
            process.wait()
    median = sorted(differences[1:])[10] * 1000
    print(f"from exec to ready, less embed with one text: median of 20 {median:.1f} ms, {min(differences) * 1000:.1f} to {max(differences) * 1000:.1f} ms")
    return median < 50


def is_ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def cache(arguments, work):
    """What the cache brings where half of the texts came before, and what it costs where none did: 16 connections, one text a
    request."""
    def texts(repeats, seed):
        rng, fresh = random.Random(seed), load_client.texts(100_000, seed)
        for index, text in enumerate(fresh):
            yield text
            if repeats:
                yield fresh[rng.randrange(index + 1)]

    rates = {}
    for turn in range(3):
        for size in (0, 256 << 20):
            for repeats in (False, True):
                with Servers(arguments, work).swiftlet(free_port(), "--cache-bytes", size) as server:
                    server.vectors(["one text"])
                    requests = (load_client.request("/v1/embeddings", text, "base64") for text in texts(repeats, seed=turn))
                    load = load_client.Load(server.port, 16, requests)
                    load.run(1)
                    load.latencies.clear()
                    load.run(8)
                    rates.setdefault((size > 0, repeats), []).append(len(load.latencies) / 8)
                    load.finish()
                    metrics = server.metrics()
                    if size and repeats:
                        hits, misses = metrics["swiftlet_cache_hits_total"], metrics["swiftlet_cache_misses_total"]
    best = {key: statistics.median(values) for key, values in rates.items()}
    for (has_cache, repeats), rate in best.items():
        print(f"{'cache' if has_cache else 'no cache'}, {'half of the texts repeated' if repeats else 'all different'}: {rate:.1f} requests/s")
    gain, cost = best[True, True] / best[False, True], best[True, False] / best[False, False]
    print(f"half repeated: {gain:.2f}x with the cache, {hits / (hits + misses):.1%} of the texts found; all different: {cost:.2f}x")
    return gain >= 1.5 and cost >= 0.95


def mixed_requests(seed):
    """Requests without end: one short text, or some, or many long ones."""
    rng, passages = random.Random(seed), [text for text in mixed_texts(2000, seed) if len(text) > 400]
    single = load_client.texts(2000, seed)
    while True:
        size = rng.choice([1, 1, 1, 1, 1, 1, 8, 32])
        texts = rng.sample(passages if rng.random() < 0.1 else single, size)
        yield load_client.request("/v1/embeddings", texts[0] if size == 1 else texts, rng.choice(["float", "base64"]))


def soak(arguments, work):
    """Memory, descriptors and latency under 64 connections over minutes. They must not rise."""
    with Servers(arguments, work).swiftlet(free_port()) as server:
        server.vectors(["one text"])
        idle, queue = resident_megabytes(server), 256  # the default of --max-buffered-bytes
        load, states = load_client.Load(server.port, 64, mixed_requests(7)), []
        end, count = time.monotonic() + arguments.soak * 60, 0
        while time.monotonic() < end:
            load.latencies.clear()
            load.run(min(60, arguments.soak * 10))
            values = sorted(load.latencies)
            count += len(values)
            descriptors = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            states.append((resident_megabytes(server), descriptors, percentile(values, 50) * 1000, percentile(values, 99) * 1000))
            print(f"{len(states)}: {states[-1][0]:.0f} MB, {descriptors} descriptors, p50 {states[-1][2]:.0f} ms, p99 {states[-1][3]:.0f} ms", flush=True)
        load.finish()
        peak = server.peak_megabytes()
    third = len(states) // 3
    first, last = ([statistics.median(column) for column in zip(*part)] for part in (states[:third], states[-third:]))
    print(f"{count} requests in {arguments.soak} minutes; idle {idle:.0f} MB, peak {peak:.0f} MB; medians of the first and the last third: "
          + "; ".join(f"{name} {a:.0f}, {b:.0f}" for name, a, b in zip(("MB", "descriptors", "p50 ms", "p99 ms"), first, last)))
    return peak <= 1.2 * idle + queue and last[0] <= 1.1 * first[0] and last[1] <= first[1] and last[3] <= 1.5 * first[3]


def resident_megabytes(server):
    pages = pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
