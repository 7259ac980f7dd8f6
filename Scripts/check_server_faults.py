#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does to `serve` what broken, slow, hasty and hostile clients do, and checks that it answers right and goes on serving.

usage: check_server_faults.py [--server PROGRAM] [--quick] [--only WORD ...] [--list]

PROGRAM is `serve` of Examples/Server, built in release, if not given. Starts servers at free ports of 127.0.0.1 and sends
bytes through plain sockets. Some checks wait for the server's own deadlines (10 s for a head, 30 s for a body, 60 s for an
idle connection); --quick leaves out the checks that take more than 5 s. --only runs the checks whose name has one of the
words. Prints a line for each check and exits with 1 if one fails. Needs Python's standard library only, and Linux.
"""
import argparse
import contextlib
import json
import math
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import serving

MEGABYTE = 1 << 20
BODY_LIMIT = 16 * MEGABYTE
TEXT_LIMIT = 2048
# Which API a path belongs to decides how its errors look.
PATHS = {"tei": "/embed", "openai": "/v1/embeddings", "rerank": "/rerank"}
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


# MARK: Bad requests

VALID = json.dumps({"inputs": "é\U0001F600 a", "truncate": True}, ensure_ascii=False).encode()


def nested(depth):
    """A request whose value is nested so deep, the object itself included."""
    return b'{"inputs":"a","input":"a","model":"m","query":"a","texts":["a"],"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


BAD_JSON = {
    "empty body": b"", "spaces": b"  ", "depth 65": nested(65), "depth 100,000": nested(100_000),
    "a million open brackets": b"[" * 1_000_000, "duplicate keys": b'{"inputs":"a","inputs":"b"}',
    "duplicate keys, one escaped": b'{"inputs":"a","\\u0069nputs":"b"}',
    "lone high surrogate": b'{"inputs":"\\ud83d"}', "lone low surrogate": b'{"inputs":"\\ude00"}',
    "surrogates in the wrong order": b'{"inputs":"\\ude00\\ud83d"}', "high surrogate and a letter": b'{"inputs":"\\ud83dx"}',
    "lone surrogate in a key": b'{"\\ud800":1,"inputs":"a"}',
    "byte FF": b'{"inputs":"\xff"}', "cut UTF-8": b'{"inputs":"\xe4\xb8"}', "overlong UTF-8": b'{"inputs":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"inputs":"\xed\xa0\x80"}', "beyond Unicode": b'{"inputs":"\xf4\x90\x80\x80"}',
    "UTF-16": '{"inputs":"a"}'.encode("utf-16"), "UTF-32": '{"inputs":"a"}'.encode("utf-32-le"), "Latin-1": b'{"inputs":"\xe9"}',
    "NaN": b'{"inputs":NaN}', "Infinity": b'{"inputs":"a","dimensions":Infinity}', "-Infinity": b'{"inputs":-Infinity}',
    "a trailing comma": b'{"inputs":"a",}', "a trailing comma in an array": b'{"inputs":["a",]}', "no comma": b'{"inputs":"a" "b":1}',
    "text after it": b'{"inputs":"a"} x', "two values": b'{"inputs":"a"}{"inputs":"a"}', "NUL after it": b'{"inputs":"a"}\0',
    "a comment": b'{"inputs":"a"/* */}', "single quotes": b"{'inputs':'a'}", "a bare word": b"{inputs:1}", "True": b'{"inputs":"a","truncate":True}',
    "a line feed in a string": b'{"inputs":"a\nb"}', "a NUL in a string": b'{"inputs":"a\0b"}', "a wrong escape": b'{"inputs":"\\x41"}',
    "a cut escape": b'{"inputs":"\\u12"}', "a leading zero": b'{"inputs":"a","dimensions":01}', "a plus": b'{"inputs":"a","dimensions":+1}',
    "a bare fraction": b'{"inputs":"a","dimensions":.5}', "a hexadecimal number": b'{"inputs":"a","dimensions":0x10}',
}
BAD_JSON |= {f"cut after {length} bytes": VALID[:length] for length in range(1, len(VALID))}


@check("bad JSON")
def bad_json(checker):
    for api, path in PATHS.items():
        connection = Connection(checker.server)
        for name, body in BAD_JSON.items():
            answer = connection.ask(post(body, path))
            try:
                check_error(answer, 400, api)
                expect(answer.headers.get("connection") != "close", "an error that closes a sound connection")
            except Failure as failure:
                raise Failure(f"{path}, {name}: {failure}") from None
        expect(connection.ask(post(nested(64), path)).status == 200, f"{path}: depth 64 is refused")
        connection.close()
    return f"{len(BAD_JSON)} bodies at {len(PATHS)} paths, each set at one connection"


# Path, body, status, and whether the message must name a member of the body.
WRONG_TYPES = [
    *[("/embed", {"inputs": value}, 422, "inputs") for value in (5, 1.5, True, {"a": 1}, ["a", None], ["a", 1.5], [["a"]], [[1.5]], [[[1]]], ["a", {}], [2**40])],
    ("/embed", {}, 422, "inputs"), ("/embed", {"inputs": None}, 422, "inputs"), ("/embed", {"Inputs": "a"}, 422, "inputs"),
    *[("/embed", value, 422, None) for value in ([], "a", 5, None, True, [{"inputs": "a"}])],
    *[("/embed", {"inputs": "a", "normalize": value}, 422, "normalize") for value in ("true", 1, [])],
    *[("/embed", {"inputs": "a", "truncate": value}, 422, "truncate") for value in ("yes", 0, {})],
    *[("/embed", {"inputs": "a", "truncation_direction": value}, 422, "truncation_direction") for value in ("up", 1, "LEFT", "")],
    *[("/embed", {"inputs": "a", "prompt_name": value}, 422, "prompt") for value in (1, ["a"], "no such prompt")],
    *[("/embed", {"inputs": "a", "dimensions": value}, 422, "dimensions") for value in (0, -1, 385, 2**63, 2**200, 1.5, "8", [8], True)],
    ("/embed", {"inputs": [0, 10**6]}, 422, None), ("/embed", {"inputs": [[-1]]}, 422, None),
    ("/embed", {"inputs": "a", "encoding_format": "int9"}, 422, "encoding_format"),
    *[("/embed_all", {"inputs": value}, 422, "inputs") for value in (5, None, {})],
    *[("/similarity", {"inputs": value}, 422, "inputs") for value in ("a", ["a"], None)],
    ("/similarity", {"inputs": {"source_sentence": "a"}}, 422, "sentences"), ("/similarity", {"inputs": {"sentences": ["a"]}}, 422, "source_sentence"),
    ("/similarity", {"inputs": {"source_sentence": ["a"], "sentences": ["a"]}}, 422, "source_sentence"),
    ("/similarity", {"inputs": {"source_sentence": "a", "sentences": "a"}}, 422, "sentences"),
    ("/similarity", {"inputs": {"source_sentence": "a", "sentences": ["a"]}, "parameters": 5}, 422, "parameters"),
    *[("/predict", {"inputs": value}, 422, "inputs") for value in (5, "a", ["a"], [["a"]], [["a", "b", "c"]], [["a", 1]])],
    *[("/tokenize", {"inputs": value}, 422, "inputs") for value in (5, [1], None)],
    *[("/decode", {"ids": value}, 422, "ids") for value in ("a", ["a"], [1.5], None, {})],
    *[("/v1/embeddings", {"input": value, "model": "m"}, 400, "input") for value in (5, 1.5, True, {"a": 1}, ["a", None], ["a", 5], [["a"]], None, [1.5])],
    ("/v1/embeddings", {"model": "m"}, 400, "input"), ("/v1/embeddings", {"input": [1, 2]}, 400, "check_embedding_ctx_length"),
    ("/v1/embeddings", {"input": [[1, 2]]}, 400, "check_embedding_ctx_length"),
    ("/v1/embeddings", {"input": "a", "model": 5}, 400, "model"), ("/v1/embeddings", [], 400, None), ("/v1/embeddings", "a", 400, None),
    *[("/v1/embeddings", {"input": "a", "encoding_format": value}, 400, "encoding_format") for value in ("hex", 1, "")],
    *[("/v1/embeddings", {"input": "a", "dimensions": value}, 400, "dimensions") for value in (0, -5, 385, "8", 2**64, 0.5)],
    ("/v1/embeddings", {"input": "a", "prompt_name": "no such prompt"}, 400, "prompt"),
    ("/rerank", {"query": "a"}, 422, "texts"), ("/rerank", {"texts": ["a"]}, 422, "query"), ("/rerank", {"query": 5, "texts": ["a"]}, 422, "query"),
    ("/rerank", {"query": "a", "texts": ["a"], "documents": ["a"]}, 422, None), ("/rerank", {"query": "a", "texts": "a"}, 422, "texts"),
    ("/rerank", {"query": "a", "texts": ["a", 5]}, 422, "texts"), ("/rerank", {"query": "a", "documents": [5]}, 422, "documents"),
    ("/rerank", {"query": "a", "documents": [{"title": "a"}]}, 422, "documents"), ("/rerank", {"query": "a", "texts": ["a"], "raw_scores": 1}, 422, "raw_scores"),
    *[("/v2/rerank", {"query": "a", "documents": ["a"], "top_n": value}, 422, "top_n") for value in (0, -1, "1", 1.5)],
    ("/v1/rerank", {"query": "a", "documents": ["a"], "return_documents": "yes"}, 422, "return_documents"),
]
EMPTY = [
    *[("/embed", {"inputs": value}) for value in ("", [], ["a", ""], [""])], ("/embed_all", {"inputs": [""]}), ("/similarity", {"inputs": {"source_sentence": "a", "sentences": []}}),
    *[("/v1/embeddings", {"input": value}) for value in ("", [], ["a", ""])], ("/rerank", {"query": "a", "texts": []}),
    ("/rerank", {"query": "a", "texts": ["a", ""]}), ("/v2/rerank", {"query": "a", "documents": []}), ("/predict", {"inputs": []}),
    ("/tokenize", {"inputs": []}), ("/decode", {"ids": []}),
]


def api_of(path):
    return "openai" if path.startswith("/v1/emb") else "rerank" if path.endswith("rerank") else "tei"


@check("wrong types, missing members")
def wrong_types(checker):
    wrong = []
    with Connection(checker.server) as connection:
        for path, body, status, name in WRONG_TYPES:
            answer = connection.ask(post(body, path))
            try:
                message = check_error(answer, status, api_of(path))
                expect(name is None or name in message, f"a message that does not name {name}: {message}")
            except Failure as failure:
                wrong.append(f"{path} {json.dumps(body)[:80]}: {failure}")
    expect(not wrong, f"{len(wrong)} of {len(WRONG_TYPES)}: " + "; ".join(wrong))
    return f"{len(WRONG_TYPES)} bodies at one connection"


@check("empty texts")
def empty_texts(checker):
    with Connection(checker.server) as connection:
        for path, body in EMPTY:
            answer = connection.ask(post(body, path))
            try:
                check_error(answer, 400, api_of(path))
                if api_of(path) == "tei":
                    expect(answer.json["error_type"] == "Empty", "its error_type is not Empty")
            except Failure as failure:
                raise Failure(f"{path} {body}: {failure}") from None
        message = check_error(connection.ask(post({"inputs": ["a", "b", "", "d"]})), 400)
        expect("2" in message, f"a message that does not say which text is empty: {message}")


@check("too many and too long texts")
def too_much(checker):
    with Connection(checker.server) as connection:
        many, long_text = ["a"] * (TEXT_LIMIT + 1), "word " * 1000
        check_error(connection.ask(post({"inputs": many})), 422)
        check_error(connection.ask(post({"input": many}, "/v1/embeddings")), 400, "openai")
        check_error(connection.ask(post({"query": "a", "texts": many}, "/rerank")), 422, "rerank")
        message = check_error(connection.ask(post({"inputs": ["a", "b", long_text], "truncate": False})), 422)
        expect("2" in message and "256" in message and "1002" in message, f"which text, its tokens, the limit? {message}")
        message = check_error(connection.ask(post({"inputs": ["a"] * 100 + [long_text], "truncate": False})), 422)
        expect("100" in message, f"a message that does not say which text is too long: {message}")
        check_error(connection.ask(post({"input": long_text, "truncate": False}, "/v1/embeddings")), 400, "openai")
        for direction in "Left", "Right":
            answer = connection.ask(post({"inputs": [long_text, "a"], "truncation_direction": direction}))
            check_vectors(answer, 2)
            expect(answer.headers.get("x-truncated-inputs") == "1", f"x-truncated-inputs is {answer.headers.get('x-truncated-inputs')}")
        check_vectors(connection.ask(post({"inputs": ["a"] * TEXT_LIMIT})), TEXT_LIMIT)


POISON = {
    "NUL": "a\0b", "all controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f", "only controls": "\x01\x02", "only spaces": "  \t\n ",
    "U+FFFD": "\ufffd", "noncharacters": "\ufffe\uffff\U0010ffff", "private use": "\ue000\U000f0000", "zero-width joiners alone": "\u200d\u200c\u200b\ufeff",
    "direction marks": "\u202e\u2066abc\u2069", "combining marks alone": "\u0301\u0308\u20dd", "half an emoji family": "\U0001F468\u200d",
    "flags' halves": "\U0001F1E9", "variation selectors": "\ufe0f\ufe0f", "tags": "\U000E0001\U000E0061", "jamo": "\u1112\u1161\u11ab",
    "special tokens": "[CLS] [SEP] [PAD] [MASK] [UNK]", "unclosed brackets": '[[[({"\'`', "a long word": "x" * 5000, "İıßẞΣς": "İıßẞΣς",
    **{f"1 MB of {name}": part * (MEGABYTE // len(part.encode())) for name, part in {
        "a": "a", "é": "é", "ideographs": "中", "spaces": " ", "marks": "\u0301", "emoji": "\U0001F600", "controls": "\x01",
        "special tokens": "[SEP]", "dots": ".", "what gets longer": "\ufdfa"}.items()},
}


@check("poisoned texts")
def poisoned_texts(checker):
    slowest = 0
    with Connection(checker.server) as connection:
        for name, text in POISON.items():
            for ascii_only in False, True:
                body = json.dumps({"inputs": [text, "a"]}, ensure_ascii=ascii_only).encode()
                start = time.monotonic()
                try:
                    vectors = check_vectors(connection.ask(post(body)), 2)
                except Failure as failure:
                    raise Failure(f"{name}: {failure}") from None
                slowest = max(slowest, time.monotonic() - start)
                if name == "NUL":
                    expect(vectors[0] == check_vectors(connection.ask(post({"inputs": "ab"})), 1)[0], "a NUL ends a text or stays in it")
                elif name == "a long word":
                    expect(vectors[0] == check_vectors(connection.ask(post({"inputs": "[UNK]"})), 1)[0], "a long word is not [UNK]")
        expect(connection.ask(post({"inputs": "\0" * 100, "add_special_tokens": False}, "/tokenize")).json == [[]], "/tokenize of NULs has tokens")
        tokens = connection.ask(post({"inputs": "x " * 1000}, "/tokenize")).json[0]
        expect(len(tokens) == 1002, f"/tokenize gives {len(tokens)} tokens, not 1,002")
    expect(slowest < 5, f"a text takes {slowest:.1f} s")
    return f"{len(POISON)} texts, the slowest {slowest * 1000:.0f} ms"


@check("a text too large to tokenize")
def large_tokenize(checker):
    answer = checker.server.ask("POST", "/tokenize", {"inputs": "word " * 2_000_000})
    expect(answer[0] != 429, "429 says to try again, though a text of 10 MB never fits")
    expect(answer[0] in (200, 413, 422), f"{answer[0]}")


@check("paths, methods, content types")
def paths(checker):
    with Connection(checker.server) as connection:
        check_error(connection.ask(get("/nowhere")), 404)
        for path in "/../../etc/passwd", "/%2e%2e/embed", "/embed/", "//embed", "/embed%00", "/v1/models/%ff", "/metrics/x":
            answer = connection.ask(get(path))
            expect(answer.status in (400, 404, 405), f"{path}: {answer}")
        for path, allowed in (("/embed", "POST"), ("/v1/embeddings", "POST"), ("/metrics", "GET")):
            for method in "DELETE", "PUT", "GET" if allowed == "POST" else "POST":
                connection.send(head(method, path, "Content-Length: 0"))
                answer = connection.answer()
                check_error(answer, 405, api_of(path))
                expect(allowed in answer.headers.get("allow", ""), f"{method} {path}: Allow is {answer.headers.get('allow')}")
        for kind in None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "text/json", "":
            with Connection(checker.server) as other:
                answer = other.ask(post({"inputs": "a"}, content_type=kind))
                check_error(answer, 415)
                check_error(ask_once(checker.server, post({"input": "a"}, "/v1/embeddings", content_type=kind)), 415, "openai")
        for kind in "application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;charset=UTF-8":
            expect(connection.ask(post({"inputs": "a"}, content_type=kind)).status == 200, f"{kind} is refused")
        connection.send(head("HEAD", "/health"))
        expect(connection.answer(has_body=False).status == 200, "HEAD /health")
        expect(connection.ask(get("/health")).status == 200, "the connection is out of step after HEAD")


def ask_once(server, data):
    """The answer at a connection of its own; None if it is closed without one."""
    with Connection(server) as connection, contextlib.suppress(Closed):
        return connection.ask(data)


GOOD_HOSTS = ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:80", "[::1]:8080", "app.localhost", "127.1.2.3"]
BAD_HOSTS = [
    "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "127.evil.example:80", "localhost.evil.example", "evillocalhost", "[::1].evil.example",
    "192.168.0.1", "0.0.0.0", "[::2]", "::1.evil.example", "metadata.google.internal",
]


@check("hosts of other machines")
def hosts(checker):
    for host in GOOD_HOSTS:
        answer = ask_once(checker.server, post({"inputs": "a"}, host=host))
        expect(answer.status == 200, f"Host: {host} is refused: {answer}")
    taken = []
    for host in BAD_HOSTS:
        for data in post({"inputs": "a"}, host=host), get("/info", host=host), get("/", "Accept: text/html", host=host):
            answer = ask_once(checker.server, data)
            if answer.status not in (400, 403, 421):
                taken.append(f"{host} ({answer.status})")
    expect(not taken, f"a page of another site could name itself so: {', '.join(taken)}")
    return f"{len(GOOD_HOSTS)} taken, {len(BAD_HOSTS)} refused"


@check("two hosts, or none")
def host_count(checker):
    """RFC 9112, 3.2: a server must answer 400."""
    for name, data in {
        "two hosts": get("/info", "Host: evil.example"), "two hosts, the wrong one first": get("/info", "Host: 127.0.0.1", host="evil.example"),
        "one host twice": get("/info", "Host: 127.0.0.1"), "no host": get("/info", host=None),
    }.items():
        answer = ask_once(checker.server, data)
        expect(answer.status in (400, 421), f"{name}: {answer.status}")


# MARK: Broken HTTP

CHUNKED = "Transfer-Encoding: chunked"
JSON = "Content-Type: application/json"
BODY = b'{"inputs":"a"}'
CHUNKS = b"e\r\n" + BODY + b"\r\n0\r\n\r\n"
# What each sends at a new connection. 400 and an end is the only safe answer: what follows could be somebody else's request.
SMUGGLING = {
    "length and chunks": head("POST", "/embed", JSON, "Content-Length: 4", CHUNKED) + CHUNKS,
    "chunks and length": head("POST", "/embed", JSON, CHUNKED, "Content-Length: 100") + CHUNKS,
    "two lengths": head("POST", "/embed", JSON, "Content-Length: 14", "Content-Length: 15") + BODY,
    "one length twice": head("POST", "/embed", JSON, "Content-Length: 14", "Content-Length: 14") + BODY,
    "a list of lengths": head("POST", "/embed", JSON, "Content-Length: 14, 14") + BODY,
    "a folded field": b"POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n c\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n" + BODY,
    "a folded length": b"POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length:\r\n 14\r\n\r\n" + BODY,
    "a folded coding": b"POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS,
    "bare line feeds": b"POST /embed HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 14\n\n" + BODY,
    "one bare line feed": b"POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n" + BODY,
    "a bare carriage return": b"POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\rContent-Length: 99\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n" + BODY,
    "a space before the colon": head("POST", "/embed", JSON, "Content-Length : 14") + BODY,
    "a tab before the coding's colon": head("POST", "/embed", JSON, "Transfer-Encoding\t: chunked") + CHUNKS,
    "no colon": head("POST", "/embed", JSON, "Content-Length 14") + BODY,
    "a NUL in a field": head("POST", "/embed", JSON, "X-A: a\0b", "Content-Length: 14") + BODY,
    "a NUL in a name": head("POST", "/embed", JSON, "X\0A: b", "Content-Length: 14") + BODY,
    **{f"the length {value!r}": head("POST", "/embed", JSON, f"Content-Length: {value}") + BODY
       for value in ("-1", "+14", "0x0e", "14 14", "14;", "1_4", "99999999999999999999", "")},
    **{f"the coding {value!r}": head("POST", "/embed", JSON, f"Transfer-Encoding: {value}") + CHUNKS
       for value in ("xchunked", "chunked, identity", "identity, x", "chunked;", "gzip", '"chunked"', "\x0bchunked")},
    **{f"the chunk size {size!r}": head("POST", "/embed", JSON, CHUNKED) + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"
       for size in (b"zz", b"-e", b"+e", b"0xe", b"", b" ", b"fffffffffffffffff", b"e e", b"e\0")},
    "a chunk longer than it says": head("POST", "/embed", JSON, CHUNKED) + b"4\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk with line feeds": head("POST", "/embed", JSON, CHUNKED) + b"e\n" + BODY + b"\n0\n\n",
}
# Not dangerous to others: an error or an end will do.
BROKEN = {
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "random bytes": random.Random(0).randbytes(4096), "NULs": bytes(1000), "an answer": b"HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/0.9": b"GET /health\r\n\r\n", "HTTP/3.0": get("/health", version="HTTP/3.0"), "a made-up version": get("/health", version="HTTP/1.10"),
    "a wrong method": b"G\0T /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "spaces in the target": b"GET /hea lth HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "a control in the target": b"GET /he\x01alth HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a target of 64 KB": get("/" + "a" * 65536), "a field of 20 KB": get("/health", "X-A: " + "a" * 20480),
    "a name of 20 KB": get("/health", "X" * 20480 + ": a"), "a head of 64 KB": get("/health", *[f"X-{i}: {'a' * 1000}" for i in range(64)]),
    "a head of 18 KB": get("/health", *[f"X-{i}: {'a' * 300}" for i in range(60)]), "150 fields": get("/health", *[f"X-{i}: a" for i in range(150)]),
    "10,000 fields": get("/health", *["a:" for _ in range(10_000)]),
}


def all_that_comes(server, data, seconds=8):
    """All bytes of the connection until the server closes it."""
    with Connection(server, timeout=seconds) as connection:
        connection.send(data)
        received = b""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                part = connection.socket.recv(65536)
            except ConnectionResetError:
                return received
            except TimeoutError:
                break
            if not part:
                return received
            received += part
        raise Failure(f"the connection stays open; {received[:60]!r}")


@check("smuggled requests")
def smuggling(checker):
    wrong = []
    for name, data in SMUGGLING.items():
        try:
            received = all_that_comes(checker.server, data + get("/health"))
            statuses = re.findall(rb"HTTP/1\.1 (\d+)", received)
            expect(statuses == [b"400"], f"answers {b' '.join(statuses).decode() or 'nothing'}")
        except Failure as failure:
            wrong.append(f"{name}: {failure}")
    expect(not wrong, f"{len(wrong)} of {len(SMUGGLING)}: " + "; ".join(wrong))
    return f"{len(SMUGGLING)} requests: 400 and closed"


@check("broken heads")
def broken(checker):
    wrong = []
    for name, data in BROKEN.items():
        try:
            received = all_that_comes(checker.server, data)
            statuses = re.findall(rb"HTTP/1\.1 (\d+)", received)
            expect(all(status[:1] == b"4" for status in statuses) and len(statuses) <= 1, f"answers {b' '.join(statuses).decode()}")
        except Failure as failure:
            wrong.append(f"{name}: {failure}")
    with Connection(checker.server) as connection:
        for name, data in (("90 fields", get("/health", *[f"X-{i}: a" for i in range(90)])), ("a head of 12 KB", get("/health", *[f"X-{i}: {'a' * 200}" for i in range(55)]))):
            if connection.ask(data).status != 200:
                wrong.append(f"{name} are refused")
    expect(not wrong, f"{len(wrong)} of {len(BROKEN)}: " + "; ".join(wrong))
    return f"{len(BROKEN)} heads"


@check("chunked bodies")
def chunked(checker):
    with Connection(checker.server) as connection:
        expected = connection.ask(post(BODY)).body
        for name, chunks in {
            "one chunk": CHUNKS, "a byte a chunk": b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n",
            "extensions and trailers": b"e;a=b;c\r\n" + BODY + b"\r\n0;x\r\nX-Trailer: a\r\n\r\n", "zeros before the size": b"0000e\r\n" + BODY + b"\r\n000\r\n\r\n",
        }.items():
            answer = connection.ask(head("POST", "/embed", JSON, CHUNKED) + chunks)
            expect(answer.status == 200 and answer.body == expected, f"{name}: {answer}")


# MARK: Large and slow requests


def sent_until_stopped(connection, part, limit):
    """The bytes that the server took before it answered or closed; at most `limit`."""
    connection.socket.setblocking(False)
    sent, quiet_since = 0, time.monotonic()
    while sent < limit and time.monotonic() - quiet_since < 3:
        readable, writable, _ = select.select([connection.socket], [connection.socket], [], 0.1)
        if readable:
            break
        if writable:
            try:
                sent += connection.socket.send(part)
                quiet_since = time.monotonic()
            except (BrokenPipeError, ConnectionResetError):
                break
    connection.socket.settimeout(10)
    return sent


@check("a body of 10 GB")
def huge_body(checker):
    for path, api in (("/embed", "tei"), ("/v1/embeddings", "openai"), ("/rerank", "rerank")):
        with Connection(checker.server) as connection:
            start = time.monotonic()
            answer = connection.ask(head("POST", path, JSON, "Content-Length: 10737418240"))
            check_error(answer, 413, api)
            expect(time.monotonic() - start < 2, "413 comes late")
            expect(answer.headers.get("connection") == "close", "413 without Connection: close")
            connection.seconds_to_end(3)
    with Connection(checker.server) as connection:
        connection.send(head("POST", "/embed", JSON, "Content-Length: 10737418240"))
        sent = sent_until_stopped(connection, b" " * 65536, 1 << 30)
        expect(sent < 32 * MEGABYTE, f"the server reads on: {sent >> 20} MB were taken")
    with Connection(checker.server) as connection:
        answer = connection.ask(head("POST", "/embed", JSON, "Content-Length: 10737418240", "Expect: 100-continue"))
        check_error(answer, 413)
        connection.seconds_to_end(3)
    return f"413 at once; {sent >> 10} KB were taken from a client that sends all the same"


@check("a chunked body over the limit")
def huge_chunks(checker):
    part = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    before = checker.server.resident_bytes()
    with Connection(checker.server) as connection:
        connection.send(head("POST", "/embed", JSON, CHUNKED))
        sent = 0
        while sent < 1 << 30:
            readable, _, _ = select.select([connection.socket], [], [], 0)
            if readable or not connection.send(part):
                break
            sent += MEGABYTE
        expect(sent < 2 * BODY_LIMIT + 16 * MEGABYTE, f"{sent >> 20} MB were taken")
        try:
            check_error(connection.answer(), 413)
        except Closed:
            pass  # the end of the connection threw the answer away, which the server cannot help
        connection.seconds_to_end(5)
    return f"{sent >> 20} MB were taken; {(checker.server.resident_bytes() - before) / MEGABYTE:+.0f} MB of memory"


@check("a body at the limit")
def body_at_limit(checker):
    start = b'{"inputs":"a","x":"'
    with Connection(checker.server) as connection:
        exact = start + b" " * (BODY_LIMIT - len(start) - 2) + b'"}'
        expect(connection.ask(post(exact)).status == 200, "a body of exactly 16 MiB is refused")
        check_error(connection.ask(post(exact + b" ")), 413)


@check("JSON that takes more memory than its bytes")
def json_bombs(checker):
    """The limit on bodies is one on bytes; what is made of them must be bounded, too."""
    with checker.start() as server:
        idle = server.resident_bytes()
        body = b'{"inputs":' + json.dumps(texts(300)).encode() + b',"x":[' + b"0," * 3_900_000 + b"0]}"
        most = 0
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(Connection(server)) for _ in range(16)]
            threads = [threading.Thread(target=connection.send, args=[post(body)]) for connection in connections]
            for thread in threads:
                thread.start()
            pending, end = {connection.socket for connection in connections}, time.monotonic() + 60
            while pending and time.monotonic() < end:
                most = max(most, server.resident_bytes())
                pending -= set(select.select(list(pending), [], [], 0.02)[0])
            for thread in threads:
                thread.join()
            expect(not pending, f"{len(pending)} of 16 have no answer after 60 s")
            statuses = sorted({connection.answer().status for connection in connections})
        expect(set(statuses) <= {200, 400, 413, 422, 429}, f"{statuses}")
        expect(most - idle < 1 << 30, f"16 bodies of {len(body) / MEGABYTE:.0f} MB take {(most - idle) >> 20} MB; answers {statuses}")
        return f"16 bodies of {len(body) / MEGABYTE:.0f} MB take {(most - idle) >> 20} MB; answers {statuses}"


@check("chunks of a byte, extensions and trailers without end")
def endless_parts(checker):
    with checker.start() as server:
        body = b'{"inputs":"a","x":"' + b" " * 1_000_000 + b'"}'
        data = head("POST", "/embed", JSON, CHUNKED) + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        ask_once(server, post(BODY))
        idle = server.resident_bytes()
        with Connection(server) as connection:
            seconds = timed(lambda: check_vectors(connection.ask(data), 1))
        expect(seconds < 10, f"a million chunks take {seconds:.1f} s")
        for name, start, part in (("extensions", CHUNKS[:1] + b";", b"a=b;" * 16384), ("trailers", CHUNKS[:-2], b"X-A: b\r\n" * 8192)):
            with Connection(server) as connection:
                connection.send(head("POST", "/embed", JSON, CHUNKED) + start)
                sent_until_stopped(connection, part, 64 * MEGABYTE)
                grown = server.resident_bytes() - idle
                expect(grown < 32 * MEGABYTE, f"{grown >> 20} MB more memory with {name}")
        is_idle(server)
        return f"a million chunks take {seconds:.1f} s; {(server.resident_bytes() - idle) / MEGABYTE:+.0f} MB of memory"


@check("pipelining without reading")
def unread_pipeline(checker):
    """The server must stop reading while its answers are not read, or it keeps all of them."""
    large = post(b'{"inputs":"a","x":"' + b" " * MEGABYTE + b'"}')
    with checker.start() as server:
        check_vectors(ask_once(server, large), 1)
        ask_once(server, get("/metrics"))
        idle, taken = server.resident_bytes(), []
        for data in get("/metrics") * 1000, large:
            with Connection(server) as connection:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.socket.setblocking(False)
                sent, quiet_since = 0, time.monotonic()
                while sent < 512 * MEGABYTE and time.monotonic() - quiet_since < 1:
                    if select.select([], [connection.socket], [], 0.1)[1]:
                        sent += connection.socket.send(data)
                        quiet_since = time.monotonic()
                taken.append(sent)
                grown = server.resident_bytes() - idle
                expect(grown < 64 * MEGABYTE, f"{grown >> 20} MB more memory after {sent >> 20} MB")
                expect(timed(lambda: ask_once(server, post(BODY))) < 2, "another client waits")
        is_idle(server)
        return f"{' and '.join(f'{sent / MEGABYTE:.1f}' for sent in taken)} MB were taken"


@check("Expect: 100-continue")
def expect_continue(checker):
    body = json.dumps({"inputs": "a", "x": " " * 5 * MEGABYTE}).encode()
    with Connection(checker.server) as connection:
        start = time.monotonic()
        answer = connection.ask(head("POST", "/embed", JSON, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        expect(answer.status == 100 and time.monotonic() - start < 0.5, f"{answer} after {time.monotonic() - start:.2f} s, not 100 at once")
        check_vectors(connection.ask(body), 1)
        check_vectors(connection.ask(post(BODY)), 1)


@check("pipelining of 100 requests")
def pipelining(checker):
    all_texts = texts(100)
    with Connection(checker.server) as connection:
        single = [connection.ask(post({"inputs": text})).body for text in all_texts]
    with Connection(checker.server) as connection:
        connection.send(b"".join(post({"inputs": text}) for text in all_texts))
        expect([connection.answer().body for _ in all_texts] == single, "pipelined answers differ, or are in another order")
    with Connection(checker.server) as connection:
        mixed = [post({"inputs": "a"}), get("/health"), post(b"{"), get("/nowhere"), post({"inputs": "a"}, "/tokenize"), get("/metrics")]
        connection.send(b"".join(mixed * 20))
        statuses = [connection.answer().status for _ in range(120)]
        expect(statuses == [200, 200, 400, 404, 200, 200] * 20, f"{statuses}")
        # What follows a request that closes the connection must not be answered.
        connection.send(get("/health", "Connection: close") + get("/health"))
        expect(connection.answer().status == 200, "/health")
        with contextlib.suppress(Closed):
            raise Failure(f"an answer after Connection: close: {connection.answer()}")
    return "100 vectors in order; 120 mixed requests"


@check("head and body in packets of their own")
def split_packets(checker):
    """As http.client and many others send them; then the connection rests as long as a pool keeps it."""
    request = post({"inputs": "a"})
    cut = request.index(b"\r\n\r\n") + 4
    with Connection(checker.server) as connection:
        for size in range(1, len(request), 7):
            connection.send(request[:size])
            time.sleep(0.005)
            expect(connection.ask(request[size:]).status == 200, f"cut after {size} bytes")
    with Connection(checker.server) as connection:
        for byte in request:
            connection.send(bytes([byte]))
        expect(connection.answer().status == 200, "a byte at a time")
        connection.send(request[:cut])
        time.sleep(0.05)
        expect(connection.ask(request[cut:]).status == 200, "the body in a packet of its own")


@check("a connection that rests for 15 s", slow=True)
def resting_connection(checker):
    request = post({"inputs": "a"})
    cut = request.index(b"\r\n\r\n") + 4
    with Connection(checker.server) as whole, Connection(checker.server) as split:
        expect(whole.ask(request).status == 200, "the first request")
        split.send(request[:cut])
        time.sleep(0.05)
        expect(split.ask(request[cut:]).status == 200, "the first request")
        time.sleep(15)
        for name, connection in (("whole", whole), ("body in a packet of its own", split)):
            try:
                connection.send(request)
                answer = connection.answer()
                expect(answer.status == 200, f"{name}: {answer.status} after 15 s of rest")
            except Closed:
                raise Failure(f"{name}: closed after 15 s of rest") from None


@check("a slow head", slow=True)
def slow_head(checker):
    """A byte a second, at a new connection, and at one that has had a request; a field a second."""
    def drip(parts, first=b""):
        with Connection(checker.server) as connection:
            if first:
                expect(connection.ask(first).status == 200, "the first request")
            start = time.monotonic()
            for part in parts:
                if not connection.send(part) or select.select([connection.socket], [], [], 1)[0]:
                    break
            connection.seconds_to_end(20)
            return time.monotonic() - start
    data = get("/health")
    seconds = {}
    cases = {
        "bytes": lambda: drip([bytes([byte]) for byte in data]), "fields": lambda: drip([data[:-2]] + [b"X-A: b\r\n"] * 60),
        "second request": lambda: drip([bytes([byte]) for byte in data], data), "nothing but a byte": lambda: drip([b"G"]),
    }
    threads = [threading.Thread(target=lambda name=name, case=case: seconds.update({name: attempt(case)})) for name, case in cases.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = {name: value for name, value in seconds.items() if isinstance(value, str) or not 8 < value < 14}
    expect(not wrong, f"not closed after about 10 s: {wrong}")
    return ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())


def attempt(function):
    """What a function returns, or the text of its failure."""
    try:
        return function()
    except (Failure, Closed, OSError) as failure:
        return str(failure)


@check("a slow body", slow=True)
def slow_body(checker):
    body = BODY[:-1] + b" " * 200 + b"}"

    def late(finish_after):
        """The last byte comes after so many seconds; a byte a second before it."""
        with Connection(checker.server) as connection:
            connection.send(head("POST", "/embed", JSON, f"Content-Length: {len(body)}"))
            start = time.monotonic()
            for index, byte in enumerate(body):
                if time.monotonic() - start > finish_after:
                    connection.send(body[index:])
                    break
                if not connection.send(bytes([byte])) or select.select([connection.socket], [], [], 1)[0]:
                    break
            answer = connection.answer()
            elapsed = time.monotonic() - start
            if answer.status != 200:
                expect(answer.headers.get("connection") == "close", "an error without Connection: close")
                connection.seconds_to_end(5)
            return answer.status, elapsed
    results = {}
    threads = [threading.Thread(target=lambda name=name, after=after: results.update({name: attempt(lambda: late(after))}))
               for name, after in (("20 s", 20), ("never ends", 1000))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(isinstance(results["20 s"], tuple) and results["20 s"][0] == 200, f"a body that takes 20 s of 30: {results['20 s']}")
    status, elapsed = results["never ends"] if isinstance(results["never ends"], tuple) else (results["never ends"], 0)
    expect(status == 408 and 25 < elapsed < 34, f"a body that never ends: {status} after {elapsed:.1f} s")
    return f"408 after {elapsed:.1f} s"


@check("an idle connection", slow=True)
def idle_connection(checker):
    with Connection(checker.server) as used, Connection(checker.server) as fresh:
        expect(used.ask(get("/health")).status == 200, "/health")
        start = time.monotonic()
        used.seconds_to_end(75)
        elapsed = time.monotonic() - start
        fresh.seconds_to_end(15)
    expect(elapsed > 50, f"closed after {elapsed:.0f} s")
    return f"closed after {elapsed:.0f} s"


@check("a client that does not read", slow=True)
def slow_reader(checker):
    """An answer of 11 MB, not read. Others are served; the connection ends after 60 s; the memory comes back."""
    with checker.start() as server:
        def ask_four():
            connections = [Connection(server) for _ in range(4)]
            for connection in connections:
                connection.send(post({"inputs": texts(TEXT_LIMIT)}))
            return connections
        for connection in ask_four():  # the memory that four such answers need
            with connection:
                check_vectors(connection.answer(), TEXT_LIMIT)
        before = server.resident_bytes()
        connections = ask_four()
        end = time.monotonic() + 60
        while server.metrics()["te_request_success{method=\"batch\"}"] < 8 and time.monotonic() < end:
            time.sleep(0.1)
        start = time.monotonic()
        latency = max(timed(lambda: server.ask("POST", "/embed", {"inputs": "a"})) for _ in range(20))
        expect(latency < 2, f"another client waits {latency:.1f} s")
        time.sleep(max(0, start + 65 - time.monotonic()))
        open_connections = server.metrics()["swiftlet_connections"] - 1
        for connection in connections:
            connection.close()
        expect(open_connections == 0, f"{open_connections:.0f} of 4 connections are open after 65 s")
        is_idle(server)
        grown = server.resident_bytes() - before
        expect(grown < 64 * MEGABYTE, f"{grown >> 20} MB more memory")
        return f"closed; {grown / MEGABYTE:+.0f} MB of memory"


def timed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start


# MARK: Clients that go away


@check("half-closed clients")
def half_closed(checker):
    """As in Go's server, a client that sends no more has gone: its work is dropped and the connection ends."""
    server = checker.server
    for data in post({"inputs": "a"}), post({"inputs": texts(1000)}), head("POST", "/embed", JSON, "Content-Length: 100") + b"{", b"POST /em", b"":
        with Connection(server) as connection:
            connection.send(data)
            connection.socket.shutdown(socket.SHUT_WR)
            connection.seconds_to_end(10)
    is_idle(server)


@check("1,000 clients that vanish")
def vanishing(checker):
    server, generator = checker.server, random.Random(0)
    requests = [post({"inputs": texts(64, 64 * index)}) for index in range(100)]
    requests += [post({"query": "a cat", "texts": texts(64)}, "/rerank"), post({"input": texts(64)}, "/v1/embeddings"), post({"inputs": texts(16)}, "/embed_all")]
    requests += [post({"inputs": "word " * 20000}, "/tokenize")]

    def storm(count):
        open_connections = []
        for _ in range(count):
            connection, request = Connection(server), generator.choice(requests)
            connection.send(request[:generator.randrange(len(request))] if generator.random() < 0.2 else request)
            open_connections.append(connection)
            if len(open_connections) > 40:
                vanish(open_connections.pop(generator.randrange(40)))
        for connection in open_connections:
            vanish(connection)

    def vanish(connection):
        manner = generator.randrange(3)
        if manner == 0:
            connection.reset()
        elif manner == 1:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
        connection.close()

    storm(300)  # the memory that a busy server has
    is_idle(server)
    memory, before = server.resident_bytes(), server.metrics()
    descriptors = before["process_open_fds"]
    storm(1000)
    is_idle(server)
    after = server.metrics()
    grown = server.resident_bytes() - memory
    expect(grown < 32 * MEGABYTE, f"{grown >> 20} MB more memory")
    expect(after["process_open_fds"] <= descriptors + 2, f"{after['process_open_fds'] - descriptors:.0f} more descriptors")
    computed = after["swiftlet_computed_tokens_total"] - before["swiftlet_computed_tokens_total"]
    return f"all gauges 0, {grown / MEGABYTE:+.1f} MB of memory; {computed:,.0f} tokens were computed before their clients had gone"


@check("the work of one that vanishes")
def dropped_work(checker):
    """A request of 2,048 texts takes a second or more; if its client goes at once, most must not be computed."""
    data, shares = post({"inputs": texts(TEXT_LIMIT)}), []
    with checker.start() as server:
        def computed():
            return server.metrics()["swiftlet_computed_tokens_total"]
        with Connection(server) as connection:
            whole = int(connection.ask(data).headers["x-compute-tokens"])
        expect(computed() == whole, f"{computed():.0f} tokens computed of {whole}")
        for manner in Connection.reset, Connection.close:
            before, connection = computed(), Connection(server)
            connection.send(data)
            end = time.monotonic() + 20
            while not server.metrics()["swiftlet_queue_tokens"] and time.monotonic() < end:
                pass
            manner(connection)
            is_idle(server)
            shares.append((computed() - before) / whole)
    expect(max(shares) < 0.8, f"{max(shares):.0%} of the tokens were computed")
    return f"{max(shares):.0%} of the tokens were computed"


@check("1,000 idle connections")
def many_connections(checker):
    with checker.start() as server:
        def latencies():
            with Connection(server) as connection:
                return sorted(timed(lambda: check_vectors(connection.ask(post({"inputs": text})), 1)) for text in texts(100))
        latencies()
        alone, memory = latencies(), server.resident_bytes()
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(Connection(server)) for _ in range(1000)]
            among = latencies()
            grown = server.resident_bytes() - memory
            expect(grown < 256 * MEGABYTE, f"{grown >> 20} MB more memory")
            for connection in idle[::10]:
                expect(connection.ask(get("/health")).status == 200, "one of the idle ones")
            answers = [connection.send(post({"inputs": "a"})) for connection in idle]
            statuses = [connection.answer().status for connection in idle]
            expect(all(answers) and set(statuses) <= {200, 429}, f"{set(statuses)}")
        is_idle(server)
        return f"{grown / MEGABYTE:.0f} MB; p50 {among[50] * 1000:.1f} ms beside them, {alone[50] * 1000:.1f} ms without; {statuses.count(200)} at once answered 200"


@check("more connections than allowed")
def connection_limit(checker):
    with checker.start("--max-connections", 8) as server:
        connections = [Connection(server, timeout=10) for _ in range(40)]
        for connection in connections:
            connection.send(get("/health", "Connection: close"))
        for connection in connections:
            with connection:
                expect(connection.answer().status == 200, "some of 40 clients are not answered")


@check("clients that do not close", slow=True)
def lingering(checker):
    """They asked for the end of the connection, and have it. Their places must not be taken for ever."""
    with checker.start("--max-connections", 8) as server, contextlib.ExitStack() as stack:
        for _ in range(8):
            connection = stack.enter_context(Connection(server))
            expect(connection.ask(get("/health", "Connection: close")).status == 200, "/health")
        with Connection(server, timeout=75) as connection:
            seconds = timed(lambda: connection.ask(get("/health")))
        return f"others wait for {seconds:.1f} s"


@check("a full queue")
def full_queue(checker):
    def answers(server):
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(Connection(server)) for _ in range(12)]
            for connection in connections:
                connection.send(post({"inputs": texts(300)}))
            return [connection.answer() for connection in connections]
    with checker.start("--max-queued-tokens", 20000) as server:
        all_answers = answers(server)
        refused = [answer for answer in all_answers if answer.status == 429]
        expect(refused and len(refused) < 12 and {answer.status for answer in all_answers} == {200, 429}, f"{[answer.status for answer in all_answers]}")
        for answer in refused:
            check_error(answer, 429)
            expect(1 <= int(answer.headers.get("retry-after", 0)) <= 60, f"Retry-After: {answer.headers.get('retry-after')}")
        answer = ask_once(server, post({"inputs": texts(TEXT_LIMIT)}))
        expect(answer.status not in (200, 429), f"{answer.status} for a request that never fits")
        is_idle(server)
    with checker.start("--queue-timeout", "0.05") as server:
        late = [answer for answer in answers(server) if answer.status == 503]
        expect(late, "--queue-timeout: no answer is 503")
        for answer in late:
            check_error(answer, 503)
        is_idle(server)
    return f"{len(refused)} of 12 refused; with --queue-timeout {len(late)} of 12"


# MARK: Keys, metrics


@check("API keys")
def api_keys(checker):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("first-key\r\n\nsecond key with ü\n")
        file.flush()
        with checker.start("--api-key-file", file.name) as server:
            with Connection(server) as connection:
                for value in "Bearer first-key", "first-key", "Bearer second key with ü", "bearer first-key":
                    data = post({"inputs": "a"}, "/embed", f"Authorization: {value.encode().decode('latin-1')}")
                    answer = connection.ask(data)
                    expect(answer.status == 200, f"{value!r} is refused: {answer}")
            for value in None, "", "Bearer", "Bearer ", "Bearer first-ke", "Bearer first-keyy", "Bearer wrong", "Basic first-key", "Bearer first-key, second", "FIRST-KEY":
                for path, body in (("/embed", {"inputs": "a"}), ("/v1/embeddings", {"input": "a"}), ("/rerank", {"query": "a", "texts": ["a"]})):
                    fields = [f"Authorization: {value}"] if value is not None else []
                    with Connection(server) as connection:
                        answer = connection.ask(post(body, path, *fields))
                        try:
                            check_error(answer, 401, api_of(path))
                        except Failure as failure:
                            raise Failure(f"{value!r} at {path}: {failure}") from None
                        expect("bearer" in answer.headers.get("www-authenticate", "").lower(), "401 without WWW-Authenticate: Bearer")
            for path, status in (("/health", 200), ("/health/live", 200), ("/metrics", 200), ("/info", 401), ("/v1/models", 401), ("/nowhere", 401)):
                with Connection(server) as connection:
                    answer = connection.ask(get(path))
                    expect(answer.status == status, f"{path} without a key: {answer.status}")
            with Connection(server) as connection:
                answer = connection.ask(head("POST", "/embed", JSON, "Content-Length: 10000000000"))
                check_error(answer, 401)
                connection.seconds_to_end(3)
            expect("first-key" not in server.text(), "a key is in the log")
    for content in None, b"", b"\n\n", b"\xff\xfe":
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            if content is not None:
                with open(path, "wb") as file:
                    file.write(content)
            code, text = checker.run("--port", "0", "--api-key-file", path)
            expect(code == 1 and len(text.strip().splitlines()) == 1 and path in text, f"keys {content}: exit {code}: {text}")


@check("metrics")
def metrics(checker):
    """All families are there before the first request, in a format that Prometheus reads, without any text."""
    with checker.start("--access-log", "--rerank-model", serving.RERANKER) as server:
        before = server.metrics()
        for name in (
            'te_request_count{method="single"}', 'te_request_failure{err="overloaded"}', "te_embed_count", "te_queue_size", "te_request_duration_count", "te_batch_next_size_count",
            "swiftlet_computed_tokens_total", "swiftlet_round_duration_seconds_count", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
        ):
            expect(name in before, f"{name} is not there before the first request")
        secret = "xyzzysecret"
        with Connection(server) as connection:
            for data in post({"inputs": secret}), post({"inputs": [secret, secret]}), post({"query": secret, "texts": [secret]}, "/rerank"), get(f"/{secret}"), post(f"{{{secret}".encode()), post({secret: 1}):
                connection.ask(data)
        for index in range(50):
            ask_once(server, head(f"M{index}", f"/{secret}{index}"))
            ask_once(server, head(["GET", "PUT", "BREW"][index % 3], f"/{secret}{index}"))
        text = server.ask("GET", "/metrics")[2].decode()
        expect(secret not in text and secret not in server.text(), "a client's text is in metrics or log")
        after = server.metrics()
        expect(len(after) - len(before) < 400, f"{len(after) - len(before)} more series after 106 requests")
        expect(after['te_request_count{method="single"}'] >= 1 and after["te_embed_count"] == 3, "counts are wrong")
        families, seen = set(), None
        for line in text.splitlines():
            if match := re.fullmatch(r"# TYPE (\S+) (counter|gauge|histogram)", line):
                expect(match[1] not in families, f"{match[1]} comes twice")
                families.add(match[1])
                seen = match[1]
            elif not line.startswith("# HELP "):
                match = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)', line)
                expect(match and seen in (match[1], re.sub("_(bucket|sum|count)$", "", match[1])), f"a line out of place: {line}")
                float(match[3])
        return f"{len(families)} families"


# MARK: Signals and ends


@check("SIGTERM and SIGINT under load")
def terminated(checker):
    for number in signal.SIGTERM, signal.SIGINT:
        with checker.start() as server:
            connections = [Connection(server) for _ in range(8)]
            idle = Connection(server)
            expect(idle.ask(get("/health")).status == 200, "/health")
            for index, connection in enumerate(connections):
                connection.send(post({"inputs": texts(256, 256 * index)}))
            end = time.monotonic() + 10
            while server.metrics()["swiftlet_queue_tokens"] < 10000 and time.monotonic() < end:
                pass
            server.process.send_signal(number)
            time.sleep(0.05)
            idle.seconds_to_end(3)
            answers = [connection.answer() for connection in connections]
            for answer in answers:
                check_vectors(answer, 256)
            for connection in connections:
                connection.seconds_to_end(5)
            code = server.process.wait(10)
            expect(code == 0, f"{number.name}: exit code {code}")
            expect(server.text().count("\n") < 20 and "Fatal" not in server.text(), f"the log: {server.text()[:500]}")
    return "8 requests in flight were answered, exit code 0"


@check("drain delay")
def drain_delay(checker):
    with checker.start("--drain-delay", 3) as server:
        connection = Connection(server)
        expect(connection.ask(get("/health")).status == 200, "/health")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        answer = Connection(server).ask(get("/health"))
        check_error(answer, 503)
        expect(Connection(server).ask(get("/health/live")).status == 200, "/health/live is 503 while draining")
        expect(Connection(server).ask(get("/metrics")).status == 200, "/metrics is 503 while draining")
        for path, body in (("/embed", {"inputs": "a"}), ("/v1/embeddings", {"input": "a"}), ("/rerank", {"query": "a", "texts": ["a"]})):
            answer = Connection(server).ask(post(body, path))
            check_error(answer, 503, api_of(path))
            expect("retry-after" in answer.headers and answer.headers.get("connection") == "close", f"503 without Retry-After or Connection: close: {answer.headers}")
        code = server.process.wait(10)
        expect(code == 0, f"exit code {code}")


@check("a stalled upload, and a second signal")
def stalled_upload(checker):
    for count, number, expected in ((1, signal.SIGTERM, 0), (2, signal.SIGTERM, 143), (2, signal.SIGINT, 130)):
        with checker.start("--drain-timeout", 3 if count == 1 else 60) as server:
            connection = Connection(server)
            connection.send(head("POST", "/embed", JSON, "Content-Length: 1000") + b"{")
            time.sleep(0.2)
            start = time.monotonic()
            for _ in range(count):
                server.process.send_signal(number)
                time.sleep(0.2)
            code = server.process.wait(15)
            expect(code == expected, f"{count} times {number.name}: exit code {code}, not {expected}")
            expect(time.monotonic() - start < (6 if count == 1 else 2), f"it took {time.monotonic() - start:.1f} s")


@check("SIGKILL and start again")
def killed(checker):
    with checker.start() as server:
        connection = Connection(server)
        connection.send(post({"inputs": texts(500)}))
        time.sleep(0.1)
        server.kill()
        connection.seconds_to_end(3)
        with checker.start(place=server.place) as again:
            check_vectors(Connection(again).ask(post({"inputs": "a"})), 1)


@check("a Unix socket")
def unix_socket(checker):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with checker.start(place=path) as server:
            check_vectors(Connection(server).ask(post({"inputs": "a"})), 1)
            check_vectors(Connection(server).ask(post({"inputs": "a"}, host="anything.example")), 1)
            code, text = checker.run("--socket", path)
            expect(code == 1 and len(text.strip().splitlines()) == 1, f"a second server at the same socket: exit {code}: {text}")
            check_vectors(Connection(server).ask(post({"inputs": "a"})), 1)
            server.kill()
        try:
            with checker.start(place=path) as server:
                check_vectors(Connection(server).ask(post({"inputs": "a"})), 1)
                expect(server.stop() == 0, "the exit code is not 0")
        except serving.StartFailure as failure:
            raise Failure(f"the socket that a killed server left: {failure}") from None
        expect(not os.path.exists(path), "the socket is still there after a proper end")
        code, text = checker.run("--socket", os.path.join(folder, "x" * 200))
        expect(code == 1 and len(text.strip().splitlines()) == 1, f"a path that is too long: exit {code}: {text}")


# MARK: The machine


@check("addresses that cannot be had")
def addresses(checker):
    wrong = []

    def must_fail(*options, code=1, words=()):
        try:
            got, text = checker.run(*options)
            one_line = len(text.strip().splitlines()) == 1 or code == 64
            expect(got == code and one_line and all(word in text.lower() for word in words), f"exit {got}: {text.strip()}")
        except Failure as failure:
            wrong.append(f"{' '.join(options)}: {failure}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        must_fail("--port", port, words=("in use", port))
    must_fail("--host", "no-such-host.invalid", "--no-api-key", "--port", "0", words=("no-such-host.invalid",))
    for host in "0.0.0.0", "::", "192.0.2.1", "127.0.0.1.evil.example":
        must_fail("--host", host, "--port", "0", code=64)
    for options in ("--port", "-1"), ("--port", "65536"), ("--max-connections", "0"), ("--queue-timeout", "nan"), ("--drain-timeout", "-1"):
        must_fail(*options, code=64)
    expect(not wrong, "; ".join(wrong))


def limited(descriptors):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


@check("no file descriptors left")
def no_descriptors(checker):
    with checker.start(prepare=limited(64)) as server:
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(Connection(server, timeout=15)) for _ in range(120)]
            time.sleep(0.5)
            expect(server.is_running(), f"the server ended: {server.text()[-500:]}")
            check_vectors(connections[0].ask(post({"inputs": "a"})), 1)
            before = server.busy_seconds()
            time.sleep(1)
            used = server.busy_seconds() - before
            expect(used < 0.2, f"it keeps a processor busy for {used:.0%} of the time while it waits")
            size = len(server.text())
            expect(size < 20_000, f"it writes {size} bytes to its log")
        end = time.monotonic() + 10
        while True:
            try:
                with Connection(server, timeout=3) as connection:
                    check_vectors(connection.ask(post({"inputs": "a"})), 1)
                break
            except (Failure, Closed, OSError) as failure:
                expect(server.is_running(), f"the server ended: {server.text()[-500:]}")
                expect(time.monotonic() < end, f"10 s after all have gone: {failure}")
        return f"{used:.0%} of a processor meanwhile"


@check("standard error closed, full, or read by nobody")
def broken_stderr(checker):
    def works(**settings):
        with checker.start("--access-log", place=("127.0.0.1", serving.free_port()), **settings) as server:
            with Connection(server) as connection:
                expected = None
                for _ in range(200):
                    answer = connection.ask(post({"inputs": "a"}))
                    check_vectors(answer, 1)
                    expected = expected or answer.body
                    expect(answer.body == expected and not connection.buffer, "an answer has something else in it")
                check_error(connection.ask(post(b"{")), 400)
            expect(server.stop() == 0, "the exit code is not 0")
    with open("/dev/full", "w") as full:
        works(stderr=full)
    works(prepare=lambda: os.close(2))
    works(prepare=lambda: [os.close(number) for number in (0, 1, 2)])
    reading, writing = os.pipe()
    os.close(reading)
    works(stderr=writing)
    os.close(writing)


# MARK: The program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=serving.SERVER, metavar="PROGRAM")
    parser.add_argument("--quick", action="store_true", help="leave out the checks that take more than 5 s")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="the checks whose names have one of these words")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    checker, failures, passed = Checker(arguments.server), 0, 0
    with checker.stack:
        for name, slow, function in CHECKS:
            if arguments.only and not any(word in name for word in arguments.only) or slow and arguments.quick:
                continue
            if arguments.list:
                print(name)
                continue
            start, server = time.monotonic(), checker.shared
            try:
                detail = function(checker)
                if server is not None:
                    expect(server.is_running(), f"the server ended with {server.process.returncode}: {server.text()[-1000:]}")
                    expect(server.ask("GET", "/health")[0] == 200, "/health is not 200 afterwards")
                passed += 1
                print(f"ok   {name} ({time.monotonic() - start:.1f} s)" + (f": {detail}" if detail else ""), flush=True)
            except (Failure, Closed, serving.StartFailure, subprocess.TimeoutExpired, OSError) as failure:
                failures += 1
                more = ""
                if server is not None and not server.is_running():
                    more = f"; the server ended with {server.process.returncode}: {server.text()[-1000:]}"
                print(f"FAIL {name} ({time.monotonic() - start:.1f} s): {failure or type(failure).__name__}{more}", flush=True)
    if not arguments.list:
        print(f"{passed} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
