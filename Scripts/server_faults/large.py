# SPDX-License-Identifier: Apache-2.0
"""Requests that are large, or come in other parts than most."""
import contextlib
import json
import select
import socket
import threading
import time

from .checks import (
    BODY, BODY_LIMIT, CHUNKED, CHUNKS, JSON, MEGABYTE, Closed, Connection, Failure, ask_once, check, check_error, check_vectors, expect, get, head, is_idle, post, texts, timed)


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


@check("an answer before the body is read")
def early_answer(checker):
    """Python's http.client sends the whole body before it reads: it must find the answer, not a reset."""
    body = b" " * (BODY_LIMIT + MEGABYTE)
    for headers in {"Connection": "keep-alive"}, {"Connection": "close"}:
        status, _, _ = checker.server.ask("POST", "/embed", body, {"Content-Type": "application/json"} | headers)
        expect(status == 413, f"{headers}: {status}")
        status, _, _ = checker.server.ask("POST", "/embed", body[:-2 * MEGABYTE], {"Content-Type": "text/plain"} | headers)
        expect(status == 415, f"{headers}: {status}")
        status, _, _ = checker.server.ask("POST", "/nowhere", body[:-2 * MEGABYTE], {"Content-Type": "application/json"} | headers)
        expect(status == 404, f"{headers}: {status}")
    with Connection(checker.server) as connection:
        check_error(connection.ask(head("POST", "/embed", JSON, "Content-Length: 10737418240")), 413)
        start = time.monotonic()
        while connection.send(b" ") and time.monotonic() - start < 20:
            time.sleep(0.1)
        seconds = time.monotonic() - start
        expect(3 < seconds < 10, f"a client that sends on is cut off after {seconds:.1f} s")
    return f"a client that sends on is cut off after {seconds:.1f} s"


@check("health while large bodies are read")
def health_beside_bodies(checker):
    body = b'{"inputs":"a","x":[' + b"[],0.5e1," * 1_400_000 + b"0]}"
    with checker.start("--max-buffered-bytes", 1 << 32) as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(server)) for _ in range(4)]
        threads = [threading.Thread(target=connection.send, args=[post(body)]) for connection in connections]
        for thread in threads:
            thread.start()
        latencies = [timed(lambda: server.ask("GET", "/health/live"))]
        end = time.monotonic() + 60
        while time.monotonic() < end and not all(select.select([connection.socket], [], [], 0)[0] for connection in connections):
            latencies.append(timed(lambda: server.ask("GET", "/health/live")))
        for thread in threads:
            thread.join()
        for connection in connections:
            check_vectors(connection.answer(), 1)
        expect(max(latencies) < 1, f"/health/live takes {max(latencies):.2f} s")
        return f"4 bodies of {len(body) / MEGABYTE:.0f} MB; /health/live {max(latencies) * 1000:.0f} ms at most of {len(latencies)}"


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
        check_error(connection.answer(), 413)
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
