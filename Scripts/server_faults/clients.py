# SPDX-License-Identifier: Apache-2.0
"""Clients that go away, and more of them than the server takes."""
import contextlib
import random
import socket
import time

from .checks import (
    JSON, MEGABYTE, TEXT_LIMIT, Connection, ask_once, check, check_error, check_vectors, expect, get, head, is_idle, post, texts, timed)


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
