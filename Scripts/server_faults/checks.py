# SPDX-License-Identifier: Apache-2.0
"""What the checks of the server have in common: how they are registered, HTTP by hand, servers to do it to."""
import contextlib
import json
import math
import socket
import struct
import subprocess
import time

import serving


MEGABYTE = 1 << 20
BODY_LIMIT = 16 * MEGABYTE
TEXT_LIMIT = 2048
# Which API a path belongs to decides how its errors look.
PATHS = {"tei": "/embed", "openai": "/v1/embeddings", "rerank": "/rerank"}
CHUNKED = "Transfer-Encoding: chunked"
JSON = "Content-Type: application/json"
BODY = b'{"inputs":"a"}'
CHUNKS = b"e\r\n" + BODY + b"\r\n0\r\n\r\n"
# What each sends at a new connection. 400 and an end is the only safe answer: what follows could be somebody else's request.
CHECKS = []


class Failure(Exception):
    """The server did something else than it should."""


def check(name, slow=False):
    """Registers a check: a function of `Checker` that raises Failure or returns what is worth printing."""
    def register(function):
        CHECKS.append((name, slow, function))
        return function
    return register


def expect(condition, message):
    if not condition:
        raise Failure(message)


# MARK: HTTP by hand


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body, parse_constant=lambda name: 1 / 0)
        except (ValueError, ZeroDivisionError):
            raise Failure(f"{self.status} with a body that is not JSON: {self.body[:200]!r}") from None

    def __str__(self):
        return f"{self.status} {self.body[:200].decode(errors='replace')}"


class Closed(Exception):
    """The server closed the connection before a whole answer; `bytes` is what came."""

    def __init__(self, data):
        super().__init__(f"closed after {data[:80]!r}" if data else "closed without an answer")
        self.bytes = data


class Connection:
    """A socket and what came through it that is not read yet."""

    def __init__(self, server, timeout=60):
        self.socket, self.buffer = server.connect(timeout), b""

    def send(self, data):
        """False if the server has closed the connection."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _more(self):
        try:
            part = self.socket.recv(1 << 18)
        except ConnectionResetError:
            part = b""
        except TimeoutError:
            raise Failure(f"no answer within {self.socket.gettimeout():.0f} s") from None
        if not part:
            raise Closed(self.buffer)
        self.buffer += part

    def answer(self, has_body=True):
        """The next answer, whether its status is 100 or another."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        expect(first.startswith("HTTP/1.1 "), f"not an answer: {first[:100]!r}")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        length = int(headers.get("content-length", 0)) if has_body and status >= 200 else 0
        parts, size = [rest], len(rest)  # joined once: an answer may have megabytes
        while size < length:
            self.buffer = b""
            self._more()
            parts.append(self.buffer)
            size += len(self.buffer)
        rest = b"".join(parts)
        self.buffer = rest[length:]
        return Answer(status, headers, rest[:length])

    def ask(self, data):
        self.send(data)
        return self.answer()

    def seconds_to_end(self, limit):
        """Seconds until the server closes the connection; all that comes before is thrown away."""
        start = time.monotonic()
        while (left := start + limit - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(1 << 18):
                    return time.monotonic() - start
            except ConnectionResetError:
                return time.monotonic() - start
            except TimeoutError:
                break
        raise Failure(f"the connection is still open after {limit} s")

    def reset(self):
        """Ends the connection as a process that is killed with unread data does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def head(method="POST", path="/embed", *lines, host="127.0.0.1", version="HTTP/1.1"):
    """The bytes of a head; `lines` are header fields as they are sent."""
    fields = ([f"Host: {host}"] if host is not None else []) + list(lines)
    return "".join(f"{line}\r\n" for line in [f"{method} {path} {version}", *fields, ""]).encode("latin-1")


def post(body, path="/embed", *lines, content_type="application/json", **more):
    """A whole request. A `body` that is not bytes is sent as JSON."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = [*lines, f"Content-Length: {len(body)}"] + ([f"Content-Type: {content_type}"] if content_type else [])
    return head("POST", path, *fields, **more) + body


def get(path, *lines, **more):
    return head("GET", path, *lines, **more)


def texts(count, start=0, words=12):
    """Texts that are all different."""
    return [f"{index} " + "the cat sat on a mat while it was raining in town ".strip()[:words * 4] for index in range(start, start + count)]


def api_of(path):
    return "openai" if path.startswith("/v1/emb") else "rerank" if path.endswith("rerank") else "tei"


def check_error(answer, statuses, api="tei"):
    """An error has one of the statuses, is JSON, and has the members that the API's clients read."""
    statuses = statuses if isinstance(statuses, tuple) else (statuses,)
    expect(answer.status in statuses, f"{answer}, not {' or '.join(map(str, statuses))}")
    expect(answer.headers.get("content-type", "").startswith("application/json"), f"an error without JSON: {answer.headers}")
    expect("x-request-id" in answer.headers, "an answer without x-request-id")
    body = answer.json
    if api == "openai":
        expect(isinstance(body.get("error"), dict) and {"message", "type", "param", "code"} <= body["error"].keys(),
               f"not OpenAI's error: {answer}")
        return body["error"]["message"]
    wanted = {"message", "detail"} if api == "rerank" else {"error", "error_type"}
    expect(all(isinstance(body.get(name), str) and body[name] for name in wanted), f"an error without {wanted}: {answer}")
    return body["message" if api == "rerank" else "error"]


def check_vectors(answer, count):
    """`count` vectors of finite numbers and length 1."""
    expect(answer.status == 200, f"{answer}, not 200")
    vectors = answer.json
    expect(len(vectors) == count, f"{len(vectors)} vectors for {count} texts")
    for vector in vectors:
        length = math.sqrt(sum(number * number for number in vector))
        expect(len(vector) == 384 and abs(length - 1) < 1e-4, f"a vector of {len(vector)} numbers and length {length}")
    return vectors


def ask_once(server, data):
    """The answer at a connection of its own; None if it is closed without one."""
    with Connection(server) as connection, contextlib.suppress(Closed):
        return connection.ask(data)


def timed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start


class Checker:
    """Servers for the checks. Most share one, since a server must live through all of this."""

    def __init__(self, program):
        self.program = program
        self.stack = contextlib.ExitStack()
        self.shared = None

    @property
    def server(self):
        if self.shared is None or not self.shared.is_running():
            self.shared = self.stack.enter_context(self.start("--rerank-model", serving.RERANKER))
        return self.shared

    def start(self, *options, **settings):
        return serving.Server(self.program, *options, **settings)

    def run(self, *options, seconds=30, **settings):
        """(exit code, standard error) of a server that cannot start."""
        process = subprocess.Popen(
            [str(word) for word in (self.program, "--model", serving.MODEL, *options)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **settings)
        try:
            _, text = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"it runs with {' '.join(map(str, options))}") from None
        finally:
            process.kill()
        return process.returncode, text


def is_idle(server, seconds=10):
    """Waits until nothing is queued, computed, held or connected. Fails with the gauges that do not get to zero."""
    end = time.monotonic() + seconds
    while True:
        metrics = server.metrics()
        busy = {name: metrics[name] for name in (
            "te_queue_size", "swiftlet_queue_tokens", "swiftlet_queue_bytes", "swiftlet_buffered_bytes") if metrics[name]}
        if metrics["swiftlet_connections"] > 1:  # this one
            busy["swiftlet_connections"] = metrics["swiftlet_connections"]
        if not busy:
            break
        expect(time.monotonic() < end, f"after {seconds} s: {busy}")
        time.sleep(0.05)
    before = metrics["swiftlet_computed_tokens_total"]
    time.sleep(0.5)
    after = server.metrics()["swiftlet_computed_tokens_total"]
    expect(after == before, f"{after - before:.0f} tokens were computed for nobody")
