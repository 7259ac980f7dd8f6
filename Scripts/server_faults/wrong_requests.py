# SPDX-License-Identifier: Apache-2.0
"""Requests that are HTTP, and wrong: their JSON, their members, their texts, their paths and their hosts."""
import json
import time

from .checks import (
    MEGABYTE, PATHS, TEXT_LIMIT, Connection, Failure, api_of, ask_once, check, check_error, check_vectors, expect, get, head, post)


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
