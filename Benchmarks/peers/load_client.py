# SPDX-License-Identifier: Apache-2.0
"""Asks a server as fast as it answers, over some connections, with texts that are all different. Run by serve_load.py.

It reads one JSON object from standard input and prints one. It uses bare sockets and epoll, and makes all requests before it
starts, so that it takes little of the processor that the server needs; it tells how much. Linux, standard library only.
"""
import gc
import json
import os
import pathlib
import random
import resource
import select
import socket
import sys
import time

TOKENS = 15
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def words():
    """Words that are one token each."""
    lines = (ROOT / "weights" / "all-MiniLM-L6-v2" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.isascii() and line.isalpha() and len(line) > 3]


def texts(count, seed):
    """Texts of 15 tokens, [CLS] and [SEP] included, all different, and others for each seed."""
    rng, vocabulary = random.Random(seed), words()
    return [" ".join(rng.choices(vocabulary, k=TOKENS - 2)) for _ in range(count)]


def request(path, inputs, encoding):
    """The bytes of a request to an API like OpenAI's; `inputs` is a text or a list of them."""
    body = json.dumps({"model": "m", "input": inputs, "encoding_format": encoding}).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            .encode() + body)


def processor_seconds(root):
    """Of a process and all that it started, user and system."""
    parents, times = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                words = pathlib.Path("/proc", name, "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            parents[int(name)], times[int(name)] = int(words[1]), int(words[11]) + int(words[12])
    family = {root}
    while more := {process for process, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(times.get(process, 0) for process in family) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def busy_seconds():
    """Of all processes of the machine."""
    ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


class Connection:
    __slots__ = ("socket", "sent", "received", "missing", "rest")

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.missing = b"", None

    def send(self, data):
        self.received, self.missing, self.sent = b"", None, time.perf_counter()
        self.socket.sendall(data)

    def receive(self):
        """Whether the answer is complete."""
        part = self.socket.recv(1 << 20)
        if not part:
            raise SystemExit("the server closed a connection")
        if self.missing is None:
            self.received += part
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.received[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(f"an answer: {self.received[:500]!r}")
            start = head.index(b"content-length:") + 15
            stop = head.find(b"\r\n", start)
            self.missing = int(head[start:stop if stop > 0 else None]) - (len(self.received) - end - 4)
        else:
            self.missing -= len(part)
        return self.missing == 0


class Load:
    """Connections that always have one request each under way."""

    def __init__(self, port, connections, requests):
        self.requests, self.poll = iter(requests), select.epoll()
        self.latencies, self.busy, self.ran_out = [], 0, False
        self.connections = {}
        for _ in range(connections):
            connection = Connection(port)
            self.connections[connection.socket.fileno()] = connection
            self.poll.register(connection.socket, select.EPOLLIN)
        for connection in self.connections.values():
            self.next(connection)

    def next(self, connection):
        data = next(self.requests, None)
        if data is None:
            self.ran_out = True
        else:
            connection.send(data)
            self.busy += 1

    def step(self, sends):
        """Takes what has come; with `sends`, answers are followed by the next requests."""
        for number, _ in self.poll.poll(10):
            connection = self.connections[number]
            if connection.receive():
                self.latencies.append(time.perf_counter() - connection.sent)
                self.busy -= 1
                if sends:
                    self.next(connection)

    def run(self, seconds):
        """Returns early if there are no more requests."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and self.busy:
            self.step(True)

    def finish(self):
        while self.busy:
            self.step(False)


def main():
    task = json.load(sys.stdin)
    batch, per_second = task["batch"], task["most_texts_per_second"]
    total = int((task["seconds"] + task["warmup"]) * per_second / batch) + task["connections"] + 1
    total = max(total, 4 * task["connections"])
    all_texts = texts(total * batch, task["seed"])
    requests = [
        request(task["path"], all_texts[first] if batch == 1 else all_texts[first:first + batch], task["encoding"])
        for first in range(0, len(all_texts), batch)]
    gc.freeze()
    gc.disable()
    load = Load(task["port"], task["connections"], requests)
    load.run(task["warmup"])
    load.latencies.clear()
    start = time.perf_counter(), processor_seconds(task["process"]), own_seconds(), busy_seconds()
    load.run(task["seconds"])
    end = time.perf_counter(), processor_seconds(task["process"]), own_seconds(), busy_seconds()
    latencies, ran_out = sorted(load.latencies), load.ran_out
    load.finish()
    seconds, server, client, busy = (after - before for before, after in zip(start, end))
    if not latencies:
        raise SystemExit("no answer came in time")
    print(json.dumps({
        "requests": len(latencies), "seconds": seconds, "requests_per_s": len(latencies) / seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1000, "p99_ms": latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] * 1000,
        "largest_ms": latencies[-1] * 1000, "server_us_per_token": server * 1e6 / (len(latencies) * batch * TOKENS),
        "client_share": client / seconds / os.cpu_count(), "others_share": (busy - server - client) / seconds / os.cpu_count(),
        "ran_out": ran_out}))


if __name__ == "__main__":
    main()
