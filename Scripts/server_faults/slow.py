# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, and the deadlines of the server. Each check waits for one."""
import select
import threading
import time

from .checks import (
    BODY, JSON, MEGABYTE, TEXT_LIMIT, Closed, Connection, Failure, check, check_vectors, expect, get, head, is_idle, post, texts, timed)


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
    """An answer that is not read. Others are served; the connection ends after 60 s and one for each 256 KiB; the memory comes back."""
    with checker.start() as server:
        def ask_four():
            connections = [Connection(server) for _ in range(4)]
            for connection in connections:
                connection.send(post({"inputs": texts(TEXT_LIMIT)}))
            return connections
        for connection in ask_four():  # the memory that four such answers need
            with connection:
                answer = connection.answer()
                check_vectors(answer, TEXT_LIMIT)
        limit = 65 + len(answer.body) / (1 << 18)
        before = server.resident_bytes()
        connections = ask_four()
        end = time.monotonic() + 60
        while server.metrics()["te_request_success{method=\"batch\"}"] < 8 and time.monotonic() < end:
            time.sleep(0.1)
        start = time.monotonic()
        latency = max(timed(lambda: server.ask("POST", "/embed", {"inputs": "a"})) for _ in range(20))
        expect(latency < 2, f"another client waits {latency:.1f} s")
        time.sleep(max(0, start + limit - time.monotonic()))
        open_connections = server.metrics()["swiftlet_connections"] - 1
        for connection in connections:
            connection.close()
        expect(open_connections == 0, f"{open_connections:.0f} of 4 connections are open after {limit:.0f} s")
        is_idle(server)
        grown = server.resident_bytes() - before
        expect(grown < 64 * MEGABYTE, f"{grown >> 20} MB more memory")
        return f"closed within {limit:.0f} s; {grown / MEGABYTE:+.0f} MB of memory"
