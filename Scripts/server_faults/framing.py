# SPDX-License-Identifier: Apache-2.0
"""What is not HTTP, or is HTTP that two readers could take for different requests."""
import random
import re
import time

from .checks import BODY, CHUNKED, CHUNKS, JSON, Connection, Failure, check, expect, get, head, post


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
