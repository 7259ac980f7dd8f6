#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a running server everything that its APIs offer, and compares the numbers with those of the programs.

usage: check_server.py [--server PROGRAM] [--programs FOLDER]

Starts the server with the bundled model and a small cross-encoder. Vectors must have the bits of `embed`, over JSON and over
base64, for one text and for many clients at once; scores those of `rerank`; tokens those of `tokenize`. Errors must have each
API's shape and status. Needs Python alone, and the programs of Examples/ and Examples/Server in release.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import serving

TEXTS = [
    "A man is eating food.", "Someone has a meal.", "Stocks fell on Monday.", "Ünïcödé, 漢字 and 👩‍👩‍👧‍👦", "x",
    " ".join(f"word{i}" for i in range(400)),
]


def ask(server, path, body=None, method=None, headers=None):
    """The status, the headers and the body, parsed if it is JSON."""
    standard = {} if body is None else {"content-type": "application/json"}
    status, fields, content = server.ask(
        method or ("GET" if body is None else "POST"), path,
        json.dumps(body).encode() if body is not None and not isinstance(body, bytes) else body,
        standard | (headers or {}))
    return status, fields, json.loads(content) if fields.get("content-type") == "application/json" else content


def get(server, path, body=None):
    """The body of an answer that must be good."""
    status, _, content = ask(server, path, body)
    expect(status == 200, f"{path} gives {status}: {content}")
    return content


checks = 0


def expect(condition, message):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"FAILED: {message}")


def bits(vector):
    return struct.pack(f"<{len(vector)}f", *vector)


def embed(programs, texts, *options):
    """The vectors that the program gives, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder, "texts.txt")
        lines.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        output = subprocess.run(
            [programs / "embed", "--quiet", "--input", lines, "--format", "jsonl", *options], check=True,
            stdout=subprocess.PIPE).stdout
    return [bits(json.loads(line)["embedding"]) for line in output.splitlines()]


def check_vectors(server, programs):
    expected = embed(programs, TEXTS, "--normalize")
    expect([bits(v) for v in get(server, "/embed", {"inputs": TEXTS})] == expected, "/embed has the bits of embed")
    expect([bits(v) for v in get(server, "/", {"inputs": TEXTS[0]})] == expected[:1], "POST / is /embed")
    raw = embed(programs, TEXTS, "--no-normalize")
    answer = get(server, "/embed", {"inputs": TEXTS, "normalize": False})
    expect([bits(v) for v in answer] == raw, "normalize: false has the bits of embed --no-normalize")
    short = embed(programs, TEXTS, "--truncate-dim", "64", "--normalize")
    answer = get(server, "/embed", {"inputs": TEXTS, "dimensions": 64})
    expect([bits(v) for v in answer] == short, "dimensions have the bits of embed --truncate-dim")

    for form in ["base64", "float"]:
        answer = get(server, "/v1/embeddings", {"model": "any", "input": TEXTS, "encoding_format": form})
        vectors = [item["embedding"] for item in answer["data"]]
        vectors = [base64.b64decode(v) if form == "base64" else bits(v) for v in vectors]
        expect(vectors == expected, f"/v1/embeddings has the bits of embed in {form}")
    expect([item["index"] for item in answer["data"]] == list(range(len(TEXTS))), "the order of the texts")
    expect(answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 256, "usage counts tokens")
    expect([item.get("truncated", False) for item in answer["data"]] == [False] * 5 + [True], "what was cut is marked")

    floats = get(server, "/v1/embeddings", {"input": TEXTS})["data"]
    for form, check in {
        "int8": lambda x, c: all(abs(round(127 * a) - b) <= 1 for a, b in zip(x, c)),
        "ubinary": lambda x, c: [sum((x[8 * i + j] > 0) << (7 - j) for j in range(8)) for i in range(48)] == c,
        "binary": lambda x, c: [sum((x[8 * i + j] > 0) << (7 - j) for j in range(8)) - 128 for i in range(48)] == c,
    }.items():
        codes = get(server, "/v1/embeddings", {"input": TEXTS, "encoding_format": form})["data"]
        expect(all(check(f["embedding"], c["embedding"]) for f, c in zip(floats, codes)), f"{form} vectors")

    status, headers, _ = ask(server, "/embed", {"inputs": TEXTS})
    expect(headers["x-truncated-inputs"] == "1" and headers["x-compute-type"] == "cpu", "headers tell of truncation")
    expect({"x-compute-tokens", "x-total-time", "x-queue-time", "server-timing"} <= headers.keys(), "headers of times")
    states = get(server, "/embed_all", {"inputs": TEXTS[:2]})
    expect(all(len(vector) == 384 for text in states for vector in text), "/embed_all gives a vector a token")
    mean = [sum(column) / len(states[0]) for column in zip(*states[0])]
    length = sum(x * x for x in mean) ** 0.5
    expect(all(abs(x / length - y) < 1e-5 for x, y in zip(mean, floats[0]["embedding"])), "their mean is the vector")
    cosines = get(server, "/similarity", {"inputs": {"source_sentence": TEXTS[0], "sentences": TEXTS[1:3]}})
    expect(cosines == get(server, "/", {"inputs": {"source_sentence": TEXTS[0], "sentences": TEXTS[1:3]}}), "POST /")
    dot = [sum(a * b for a, b in zip(floats[0]["embedding"], floats[i]["embedding"])) for i in (1, 2)]
    expect(all(abs(a - b) < 1e-6 for a, b in zip(cosines, dot)), "/similarity gives cosines")


def check_clients(server, programs):
    """Many clients with requests of different sizes have the bits of the program."""
    generator = random.Random(14)
    words = [f"w{i}" for i in range(3000)]
    texts = [" ".join(generator.choices(words, k=generator.choice([1, 3, 10, 40]))) for _ in range(600)]
    expected = embed(programs, texts, "--normalize")

    def client(number):
        first = number * 37 % 500
        last = first + [1, 2, 8, 32, 100][number % 5]
        if number % 2:
            vectors = [bits(v) for v in get(server, "/embed", {"inputs": texts[first:last]})]
        else:
            data = get(server, "/v1/embeddings", {"input": texts[first:last], "encoding_format": "base64"})["data"]
            vectors = [base64.b64decode(item["embedding"]) for item in data]
        return vectors == expected[first:last]

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        expect(all(pool.map(client, range(120))), "the bits of 32 clients at once are those of embed")


def check_scores(server, programs):
    query, documents = "How tall is it?", ["It is 8 m tall.", "No.", "Nobody knows how tall it is.", "It is 8 m tall."]
    output = subprocess.run(
        [programs / "rerank", "--quiet", "--model", serving.RERANKER, "--query", query, "--format", "jsonl", *documents],
        check=True, stdout=subprocess.PIPE).stdout
    expected = [(line["index"], line["score"]) for line in map(json.loads, output.splitlines())]
    answer = get(server, "/rerank", {"query": query, "texts": documents, "return_text": True})
    expect([(item["index"], item["score"]) for item in answer] == expected, "/rerank has the scores of rerank")
    expect(all(item["text"] == documents[item["index"]] for item in answer), "return_text gives the text")
    for path in ["/rerank", "/v1/rerank", "/v2/rerank"]:
        body = {"query": query, "documents": [documents[0], {"text": documents[1]}, *documents[2:]], "top_n": 2}
        answer = get(server, path, body | {"return_documents": True})
        results = [(item["index"], item["relevance_score"]) for item in answer["results"]]
        expect(results == expected[:2], f"{path} gives documents in the shape of Cohere and Jina")
        expect(all(r["document"]["text"] == documents[r["index"]] for r in answer["results"]), "return_documents")
    one = get(server, "/predict", {"inputs": [query, documents[0]]})
    many = get(server, "/predict", {"inputs": [[query, document] for document in documents]})
    expect(many[0] == one and [m[0]["score"] for m in many] == [s for _, s in sorted(expected)], "/predict scores pairs")


def check_tokens(server, programs):
    text = TEXTS[3]
    tokens = get(server, "/tokenize", {"inputs": text})[0]
    output = subprocess.run(
        [programs / "tokenize", "--quiet", "--format", "ids", text], check=True, stdout=subprocess.PIPE, text=True).stdout
    expect([token["id"] for token in tokens] == list(map(int, output.split())), "/tokenize has the ids of tokenize")
    utf8 = text.encode()
    for token in tokens:
        if token["special"]:
            expect(token["start"] is None and token["stop"] is None, "special tokens have no place")
        else:
            expect(utf8[token["start"]:token["stop"]].decode() == token["text"], "places count bytes")
    bare = get(server, "/tokenize", {"inputs": [text], "add_special_tokens": False})[0]
    expect(bare == tokens[1:-1], "add_special_tokens")
    ids = [token["id"] for token in get(server, "/tokenize", {"inputs": TEXTS[0]})[0]]
    expect(get(server, "/decode", {"ids": ids}) == ["a man is eating food."], "/decode gives the text")
    expect("[CLS]" in get(server, "/decode", {"ids": [ids], "skip_special_tokens": False})[0], "/decode of special tokens")
    vectors = [get(server, "/embed", {"inputs": [inputs]}) for inputs in (TEXTS[0], ids[1:-1])]
    expect(vectors[0] == vectors[1], "ids of tokens have the vector of their text")


def make_index(programs, folder):
    """An index of the texts."""
    corpus = pathlib.Path(folder, "corpus.jsonl")
    corpus.write_text("".join(json.dumps({"text": text} | ({"kind": "short"} if text == "x" else {})) + "\n" for text in TEXTS))
    index = pathlib.Path(folder, "index")
    subprocess.run([programs / "search", "index", "--quiet", "--corpus", corpus, "--index", index], check=True)
    return index


def check_search(server, programs, index):
    """/search beside `search query`."""
    query = "Someone has a meal."
    output = subprocess.run(
        [programs / "search", "query", "--index", index, "--format", "jsonl", "--top-k", "4", query], check=True,
        stdout=subprocess.PIPE).stdout
    wanted = json.loads(output)["hits"]
    found = get(server, "/search", {"query": query, "top_k": 4})
    expect([hit["id"] for hit in found] == [hit["id"] for hit in wanted], "/search finds what search finds")
    expect([hit["score"] for hit in found] == [hit["score"] for hit in wanted], "with the same scores")
    expect([hit["position"] + 1 for hit in found] == [hit["line"] for hit in wanted], "and the same places")
    expect(get(server, "/info")["index_documents"] == len(TEXTS), "/info tells of the index")
    vector = get(server, "/embed", {"inputs": query})[0]
    expect(get(server, "/search", {"vector": vector, "top_k": 4}) == found, "a vector finds what its text finds")
    narrow = get(server, "/search", {"query": query, "filter": "kind = 'short'"})
    expect([hit["text"] for hit in narrow] == ["x"] and narrow[0]["metadata"] == {"kind": "short"}, "a filter narrows")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(server, "/search", {"query": query, "top_k": 4}), range(64)))
    expect(all(answer == found for answer in answers), "many clients find the same")
    for body, status in [
            ({}, 422), ({"query": query, "vector": vector}, 422), ({"query": ""}, 400), ({"vector": [1, 2]}, 422),
            ({"vector": ["x"]}, 422), ({"vector": [1e30] * len(vector)}, 422), ({"query": query, "top_k": 0}, 422),
            ({"query": query, "top_k": 10 ** 6}, 422), ({"query": query, "filter": "kind ="}, 422)]:
        expect(ask(server, "/search", body)[0] == status, f"/search refuses {body}"[:200])


def check_errors(server):
    long, many = TEXTS[5], ["x"] * 2049
    cases = [  # path, body, status, part of the message
        ("/embed", b"{", 400, ""), ("/embed", b'{"inputs":"a","inputs":"b"}', 400, "inputs"),
        ("/embed", b"[" * 100, 400, ""), ("/embed", b'{"inputs":"\xff"}', 400, "UTF-8"), ("/embed", b"[]", 422, "object"),
        ("/embed", {}, 422, "inputs"), ("/embed", {"inputs": 1.5}, 422, "inputs"),
        ("/embed", {"inputs": "a", "normalize": 1}, 422, "normalize"), ("/embed", {"inputs": []}, 400, "empty"),
        ("/embed", {"inputs": ["a", ""]}, 400, "text 1"), ("/embed", {"inputs": many}, 422, "2049"),
        ("/embed", {"inputs": "a", "dimensions": 385}, 422, "384"), ("/embed", {"inputs": "a", "dimensions": 0}, 422, "1"),
        ("/embed", {"inputs": ["a"] * 70 + [long], "truncate": False}, 422, "text 70"),
        ("/embed", {"inputs": "a", "prompt_name": "none"}, 422, "prompt"),
        ("/embed", {"inputs": "a", "truncation_direction": "up"}, 422, "truncation_direction"),
        ("/embed", {"inputs": [[1000000]]}, 422, "1000000"), ("/nowhere", {}, 404, ""), ("/embed", None, 405, ""),
        ("/rerank", {"query": "a"}, 422, "documents"), ("/rerank", {"query": "a", "texts": []}, 400, "texts"),
        ("/predict", {"inputs": ["a"]}, 422, "pair"), ("/decode", {"ids": ["a"]}, 422, "ids"),
        ("/v1/embeddings", {"input": ""}, 400, "empty"), ("/v1/embeddings", {}, 400, "input"),
        ("/v1/embeddings", {"input": [1, 2]}, 400, "check_embedding_ctx_length"),
        ("/v1/embeddings", {"input": "a", "encoding_format": "hex"}, 400, "base64"),
        ("/v1/embeddings", {"input": many}, 400, "2049"), ("/v1/models/none", None, 404, ""),
        ("/v1/rerank", {"query": "a", "texts": ["b"]}, 422, "documents"), ("/v1/nowhere", {}, 404, ""),
        ("/rerank", {"query": "a", "texts": None}, 422, "documents"), ("/v1/models/a/b", None, 404, ""),
        ("/embed", {"inputs": "a", "normalize": False, "encoding_format": "int8"}, 422, "unit length"),
    ]
    for path, body, wanted, part in cases:
        status, headers, content = ask(server, path, body)
        place = f"{path} {str(body)[:80]}"
        expect(status == wanted, f"{place} gives {status} {content}, not {wanted}")
        if path.startswith("/v1/") and "rerank" not in path:
            error = content["error"]
            expect(error.keys() == {"message", "type", "param", "code"}, f"{place} has OpenAI's shape")
            message = error["message"]
        else:
            expect({"error", "error_type"} <= content.keys(), f"{place} has the shape of an error")
            message = content["error"]
        if "rerank" in path:
            expect({"detail", "message"} <= content.keys(), f"{place} has what clients of Jina and Cohere read")
        expect(part in message, f"{place} says {message!r}, nothing of {part!r}")
        expect("x-request-id" in headers, f"{place} has a number")
    expect(ask(server, "/embed")[1]["allow"] == "POST", "405 tells the methods")
    answer = ask(server, "/v2/rerank", {"query": "a", "documents": ["b"]}, headers={"x-request-id": 'a"b'})
    expect(answer[2]["id"] == 'rerank-a"b', "a client's number in a body")
    expect(ask(server, "/embed", b"{}", headers={"content-type": "text/plain"})[0] == 415, "the content type is checked")
    expect(ask(server, "/info", headers={"host": "evil.example"})[0] == 421, "the host is checked")
    expect(ask(server, "/info", headers={"x-request-id": "mine"})[1]["x-request-id"] == "mine", "a client's number")


def check_operations(server):
    info = get(server, "/info")
    expect(info["max_input_length"] == 256 and info["dimensions"] == 384, "/info tells of the model")
    expect(info["model_type"] == {"embedding": {"pooling": "mean"}}, "/info tells of pooling")
    models = get(server, "/v1/models")["data"]
    expect(get(server, f"/v1/models/{models[0]['id']}") == models[0], "/v1/models")
    for path in ["/health", "/health/live", "/health/ready", "/ping", "/"]:
        expect(get(server, path) == b"", f"{path} is well")
    page = ask(server, "/", headers={"accept": "text/html"})
    expect(page[2].startswith(b"<!doctype html>") and "default-src 'none'" in page[1]["content-security-policy"], "page")
    expect(get(server, "/openapi.json")["openapi"].startswith("3.1"), "/openapi.json")
    metrics = get(server, "/metrics").decode()
    for name in ["te_request_count", "te_request_failure", "te_embed_count", "te_request_duration_bucket", "te_queue_size",
                 "te_batch_next_tokens_count", "http_server_request_duration_seconds_count", "swiftlet_build_info"]:
        expect(f"\n{name}" in metrics, f"/metrics has {name}")


def check_options(program):
    with tempfile.TemporaryDirectory() as folder:
        keys = pathlib.Path(folder, "keys")
        keys.write_text("first-key\nsecond-key\n")
        options = ["--accept-token-ids", "--allow-empty", "--strict-model", "--cors-origin", "https://a.example"]
        limits = ["--cache-bytes", 1 << 20, "--max-queued-tokens", 5000]
        with serving.Server(program, "--api-key-file", keys, *options, *limits) as server:
            body = {"input": [7592], "model": "all-MiniLM-L6-v2"}
            for key, wanted in [(None, 401), ("Bearer first-ke", 401), ("Bearer first-key", 200), ("second-key", 200)]:
                headers = {} if key is None else {"authorization": key}
                expect(ask(server, "/v1/embeddings", body, headers=headers)[0] == wanted, f"the key {key} gives {wanted}")
            key = {"authorization": "second-key"}
            expect(ask(server, "/health/ready")[0] == 200 and ask(server, "/info")[0] == 401, "health needs no key")
            expect(ask(server, "/v1/embeddings", body | {"model": "b"}, headers=key)[0] == 404, "--strict-model")
            answers = [ask(server, "/embed", {"inputs": ["", "b", "b"]}, headers=key) for _ in range(2)]
            expect(answers[0][0] == 200 and answers[0][2] == answers[1][2], "--allow-empty, and the cache's bits")
            expect("swiftlet_cache_hits_total 4" in get(server, "/metrics").decode(), "the cache is used")
            full = ask(server, "/embed", {"inputs": [f"{i} {TEXTS[5]}" for i in range(30)]}, headers=key)
            expect(full[0] == 422 and "tokens" in full[2]["error"], "what never fits the queue is refused")
            allowed = ask(server, "/embed", method="OPTIONS", headers={
                "origin": "https://a.example", "access-control-request-method": "POST"})
            expect(allowed[1].get("access-control-allow-origin") == "https://a.example", "--cors-origin")
            other = ask(server, "/embed", method="OPTIONS", headers={"origin": "https://b.example"})
            expect("access-control-allow-origin" not in other[1], "other origins stay out")
            expect(server.stop() == 0, "SIGTERM ends with 0")
    for arguments, wanted in [
        (["--host", "0.0.0.0"], 64), (["--port", "70000"], 64), (["--api-key-file", "/none"], 1), (["--model", "/none"], 1),
        (["--max-inputs", "0"], 64),
    ]:
        result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
        expect(result.returncode == wanted, f"{arguments} ends with {result.returncode}, not {wanted}")
        expect(wanted == 64 or len(result.stderr.splitlines()) == 1, f"{arguments} gives one line: {result.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=serving.SERVER)
    parser.add_argument("--programs", type=pathlib.Path, default=serving.ROOT / "Examples/.build/release")
    arguments = parser.parse_args()
    os.chdir(serving.ROOT)
    with tempfile.TemporaryDirectory() as folder, \
            serving.Server(arguments.server, "--rerank-model", serving.RERANKER, "--index", make_index(arguments.programs, folder)
                           ) as server:
        check_search(server, arguments.programs, pathlib.Path(folder, "index"))
        check_vectors(server, arguments.programs)
        check_clients(server, arguments.programs)
        check_scores(server, arguments.programs)
        check_tokens(server, arguments.programs)
        check_errors(server)
        check_operations(server)
        expect(server.stop() == 0, "SIGTERM ends with 0")
    check_options(arguments.server)
    print(f"{checks} checks passed")


if __name__ == "__main__":
    sys.exit(main())
