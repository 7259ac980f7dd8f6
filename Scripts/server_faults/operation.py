# SPDX-License-Identifier: Apache-2.0
"""What those meet who run the server: keys, metrics, signals, places to listen at, a machine without room."""
import contextlib
import os
import re
import resource
import signal
import socket
import tempfile
import time

import serving

from .checks import (
    JSON, Closed, Connection, Failure, api_of, ask_once, check, check_error, check_vectors, expect, get, head, post, texts)


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
            for data in post({"inputs": secret}), post({"inputs": ""}), post({"inputs": [secret, secret]}), post({"query": secret, "texts": [secret]}, "/rerank"), get(f"/{secret}"), post(f"{{{secret}".encode()), post({secret: 1}):
                connection.ask(data)
        for index in range(50):
            ask_once(server, head(f"M{index}", f"/{secret}{index}"))
            ask_once(server, head(["GET", "PUT", "BREW"][index % 3], f"/{secret}{index}"))
        text = server.ask("GET", "/metrics")[2].decode()
        expect(secret not in text and secret not in server.text(), "a client's text is in metrics or log")
        after = server.metrics()
        expect(len(after) - len(before) < 400, f"{len(after) - len(before)} more series after 107 requests")
        counts = [after[f'te_request_{name}{{method="single"}}'] for name in ("count", "success")]
        counts += [after[f"te_embed_{name}"] for name in ("count", "success")]
        expect(counts == [3, 2, 4, 3], f"counts are wrong: {counts}")
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


def limited(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@check("no file descriptors left")
def no_descriptors(checker):
    with checker.start(prepare=limited(64, 1024)) as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(server, timeout=15)) for _ in range(120)]
        for connection in connections:
            expect(connection.ask(get("/health")).status == 200, "with a soft limit of 64 and a hard one of 1,024 not all are served")
    with checker.start(prepare=limited(64, 64)) as server:
        expect("allows fewer connections" in server.text(), "the log does not tell of the limit")
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


@check("a log that is read later")
def stalled_log(checker):
    """Lines for which the pipe has no room are dropped and counted; nobody waits for them."""
    reading, writing = os.pipe()
    try:
        with checker.start("--access-log", place=("127.0.0.1", serving.free_port()), stderr=writing) as server:
            with Connection(server) as connection:
                for _ in range(2000):
                    expect(connection.ask(get("/health/live")).status == 200, "/health/live")
                os.set_blocking(reading, False)
                text = b""
                with contextlib.suppress(BlockingIOError):
                    while part := os.read(reading, 1 << 20):
                        text += part
                connection.ask(get("/health/live"))
                expect(server.stop() == 0, "the exit code is not 0")
            last = os.read(reading, 1 << 20).decode()
    finally:
        os.close(reading)
        os.close(writing)
    written, dropped = text.count(b" route="), re.findall(r"log\.dropped=(\d+)", text.decode() + last)
    expect(text.endswith(b"\n") and written + sum(map(int, dropped)) == 2000, f"{written} lines, {dropped} dropped, of 2,000")
    return f"{written} of 2,000 lines were written before the pipe was full"


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
