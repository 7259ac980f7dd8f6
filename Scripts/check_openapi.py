#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `serve` to the description of its API, Examples/Server/Sources/serve/Resources/openapi.json.

usage: check_openapi.py [--server PROGRAM] [--rerank-model DIR] [--examples N] [--seed N]

Validates the document, its examples against its schemas, and that it has the routes that the server has. Provokes errors on
every route, which must have the status and the shape that the document gives them. Then Schemathesis makes up N requests for
every route: valid ones must be accepted, others refused, and answers have the documented statuses, headers and members, no
others. With a cross-encoder it does so a second time, with that and with --accept-token-ids. Exits 1 if anything fails; takes
minutes. Needs the release build of Examples/Server, and these, which are not in requirements.txt:

    pip install schemathesis==4.32.5 openapi-spec-validator==0.9.0
"""
import argparse
import copy
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import jsonschema
import openapi_spec_validator
import schemathesis

import serving

DOCUMENT = serving.ROOT / "Examples/Server/Sources/serve/Resources/openapi.json"
KEY = "sesame"
JSON_TYPE = {"content-type": "application/json"}
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "unsupported_method",
    "allow_header_conformance",
]
# What a schema cannot tell: requests that are too large for the model or an answer.
TOO_LARGE = re.compile(r"tokens, at most \d+ are possible|the answer would|bytes of memory|exceeds the queue's limits")

failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {what}", file=sys.stderr)


# Schemathesis loads this file and calls the next two.

@schemathesis.hook
def map_body(context, body):
    """The body with integers written as such: 8.0 is one for JSON Schema, but not for the server."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    is_refused = type(failure).__name__ == "RejectedPositiveData" and response.status_code in (400, 422)
    return not (is_refused and TOO_LARGE.search(response.text))


class Server(serving.Server):
    """A server that must end with 0."""

    is_draining = False

    def __exit__(self, *_):
        self.drain()
        code = self.process.wait(timeout=60)
        check(code == 0, f"the server ended with {code}")
        self.log.close()

    def drain(self):
        """Tells it to end, once: a second signal would end it at once."""
        if not self.is_draining:
            self.process.send_signal(signal.SIGTERM)
        self.is_draining = True

    def begin(self, path, length, body=b""):
        """A connection with a request whose body has this length, of which this much has been sent."""
        connection = http.client.HTTPConnection("127.0.0.1")
        connection.sock = self.connect(60)
        connection.putrequest("POST", path)
        connection.putheader("content-type", "application/json")
        connection.putheader("content-length", str(length))
        connection.endheaders(body)
        return connection


def read(connection):
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


class Operation:
    """A method of a path, as the document describes it."""

    def __init__(self, document, path, method):
        self.document, self.route, self.method = document, path, method.upper()
        self.item = document["paths"][path][method]
        self.path = path.replace("{model}", "all-MiniLM-L6-v2")
        self.name = f"{self.method} {path}"
        self.is_open = self.item.get("security") == []
        self.has_body = "requestBody" in self.item

    def resolve(self, value):
        while "$ref" in value:
            target = self.document
            for key in value["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            value = target
        return value

    def check_schema(self, schema, value, what):
        schema = schema | {"components": self.document["components"]}
        problems = list(jsonschema.Draft202012Validator(schema).iter_errors(value))
        check(not problems, f"{self.name}: {what}: {problems[0].message if problems else ''}")

    def check_examples(self):
        contents = [("request", self.resolve(self.item.get("requestBody", {})))]
        contents += [(status, self.resolve(response)) for status, response in self.item["responses"].items()]
        for place, content in contents:
            for media in content.get("content", {}).values():
                examples = [one["value"] for one in media.get("examples", {}).values()]
                for example in examples + ([media["example"]] if "example" in media else []):
                    self.check_schema(media["schema"], example, f"example of {place}")

    def check_answer(self, answer, status, what):
        """That an answer has this status, and what the document says of it."""
        code, headers, body = answer
        check(code == status, f"{self.name}: {what} gives {code} instead of {status}: {body[:200]}")
        if str(code) not in self.item["responses"]:
            return check(False, f"{self.name}: {what} gives {code}, which is not in the document")
        response = self.resolve(self.item["responses"][str(code)])
        for name, header in response.get("headers", {}).items():
            header = self.resolve(header)
            check(name in headers or not header.get("required"), f"{self.name}: {what}: no header {name}")
        if self.method != "HEAD" and "application/json" in response.get("content", {}):
            check(headers.get("content-type") == "application/json", f"{self.name}: {what}: type {headers.get('content-type')}")
            self.check_schema(response["content"]["application/json"]["schema"], json.loads(body), what)


# MARK: Without Schemathesis

def check_routes(document, server):
    """The metrics have a series for each route from the start."""
    status, _, text = server.ask("GET", "/metrics")
    check(status == 200, f"/metrics gives {status}")
    found = set()
    for labels in re.findall(r"^http_server_request_duration_seconds_count\{(.*)\}", text.decode(), re.M):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if labels["http_route"] != "other":
            found.add((labels["http_request_method"], labels["http_route"].replace("**", "{model}")))
    described = {(one.method, one.route) for one in operations(document)}
    check(found == described, f"only the server has {found - described}, only the document {described - found}")


def check_faults(document, server):
    """Errors that any server gives."""
    for one in operations(document):
        for host in ["example.com", "127.0.0.1.example.com"]:
            one.check_answer(server.ask(one.method, one.path, headers={"host": host}), 421, f"host {host}")
        other = "GET" if one.has_body else "POST"
        if other.lower() not in document["paths"][one.route]:
            status, headers, _ = server.ask(other, one.path)
            check(status == 405 and one.method in headers.get("allow", ""), f"{other} {one.route} gives {status}, {headers}")
        if not one.has_body:
            head, get = server.ask("HEAD", one.path), server.ask("GET", one.path)
            check(head[0] == get[0] and not head[2], f"HEAD {one.route} gives {head}, GET {get[0]}")
            continue
        one.check_answer(server.ask("POST", one.path, b"{", JSON_TYPE), 400, "half a body")
        one.check_answer(server.ask("POST", one.path, b"{}", {"content-type": "text/plain"}), 415, "another type")
        one.check_answer(server.ask("POST", one.path, b"{}"), 415, "no type")
        one.check_answer(read(server.begin(one.path, (16 << 20) + 1)), 413, "a large body")
    check(server.ask("GET", "/nothing")[0] == 404, "an unknown path does not give 404")
    check(server.ask("GET", "/v1/models/a/b")[0] == 404, "an unknown path below /v1/models does not give 404")


def check_request_ids(document, server):
    """The client's number comes back, and is harmless in JSON."""
    for one in operations(document):
        body = json.dumps(next(iter(examples(one)), None)) if one.has_body else None
        headers = JSON_TYPE | {"x-request-id": '"\\'}
        answer = server.ask(one.method, one.path, body, headers)
        check(answer[1].get("x-request-id") == '"\\', f"{one.name}: the x-request-id does not come back")
        if answer[1].get("content-type") == "application/json":
            try:
                json.loads(answer[2])
            except ValueError:
                check(False, f"{one.name}: an x-request-id breaks the JSON: {answer[2][:200]}")


def check_slow_bodies(document, server):
    """A body that does not come is waited for for 30 s. All at once, since it takes that long."""
    waiting = [(one, server.begin(one.path, 100, b"{")) for one in operations(document) if one.has_body]
    for one, connection in waiting:
        one.check_answer(read(connection), 408, "half a body and no more")


def check_keys(document, server):
    for one in operations(document):
        for headers in [{}, {"authorization": "Bearer wrong"}]:
            answer = server.ask(one.method, one.path, headers=headers)
            if one.is_open:
                check(answer[0] == 200, f"{one.name} gives {answer[0]} without a key")
            else:
                one.check_answer(answer, 401, "no key")
        for key in [f"Bearer {KEY}", KEY]:
            check(server.ask(one.method, one.path, headers={"authorization": key})[0] != 401, f"{one.name} refuses {key}")


def check_strict_model(document, server):
    headers = JSON_TYPE | {"authorization": f"Bearer {KEY}"}
    for one in operations(document):
        if one.route.endswith("/embeddings"):
            one.check_answer(server.ask("POST", one.path, b'{"input": "x", "model": "other"}', headers), 404, "another model")


def check_full_and_draining(document, server):
    """For a server with 200 bytes for bodies, and some seconds between being unready and its end."""
    occupant = server.begin("/embed", 150)
    for _ in range(100):
        if b"\nswiftlet_buffered_bytes 150\n" in server.ask("GET", "/metrics")[2]:
            break
        time.sleep(0.02)
    for one in operations(document):
        if one.has_body:
            answer = server.ask("POST", one.path, b"{" + b" " * 98 + b"}", JSON_TYPE)
            one.check_answer(answer, 429, "no memory")
            check("retry-after" in answer[1], f"{one.name}: no retry-after when there is no memory")
    occupant.close()
    server.drain()
    while server.ask("GET", "/health")[0] == 200:
        pass
    for one in operations(document):
        answer = server.ask(one.method, one.path)
        if one.route in ["/health/live", "/metrics"]:
            check(answer[0] == 200, f"{one.name} gives {answer[0]} while the server drains")
        else:
            one.check_answer(answer, 503, "a server that drains")
            check("retry-after" in answer[1], f"{one.name}: no retry-after while the server drains")


def operations(document):
    return [Operation(document, path, method) for path, item in document["paths"].items() for method in item]


def examples(operation):
    media = operation.resolve(operation.item["requestBody"])["content"]["application/json"]
    return [one["value"] for one in media["examples"].values()] if "examples" in media else [media["example"]]


# MARK: Schemathesis

def exact(document, info, vocabulary_size, accepts_ids):
    """The document for one server: with what its model has, and no members in answers that are not described."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    schemas["TokenID"]["maximum"] = vocabulary_size - 1
    schemas["Dimensions"]["maximum"] = info["dimensions"]
    schemas["PromptName"]["enum"] = [*info["prompts"], "", None]
    if not accepts_ids:
        del schemas["EmbeddingsRequest"]["properties"]["input"]["oneOf"][-1]
    requests = {name for name in schemas if name.endswith("Request")}

    def close(value):
        if isinstance(value, dict):
            if "properties" in value:
                value.setdefault("additionalProperties", False)
            for one in value.values():
                close(one)
        elif isinstance(value, list):
            for one in value:
                close(one)

    close([schema for name, schema in schemas.items() if name not in requests])
    return document


def run_schemathesis(document, server, options, has_reranker):
    # Without a cross-encoder, what is right is refused, too.
    valid = ({"rerank": ["200"], "predict": ["200"]} if has_reranker else {"rerank": ["400", "424"], "predict": ["424"]})
    configuration = f"""
        hooks = "check_openapi"
        [checks]
        negative_data_rejection.expected-statuses = ["400", "404", "405", "415", "422"]
        positive_data_acceptance.expected-statuses = ["200"]
        [[operations]]
        include-path = "/v1/models/{{model}}"
        checks.positive_data_acceptance.expected-statuses = ["200", "404"]
        [[operations]]
        include-path-regex = "rerank$"
        checks.positive_data_acceptance.expected-statuses = {json.dumps(valid["rerank"])}
        checks.negative_data_rejection.expected-statuses = ["400", "404", "405", "415", "422", "424"]
        [[operations]]
        include-path = "/predict"
        checks.positive_data_acceptance.expected-statuses = {json.dumps(valid["predict"])}
        checks.negative_data_rejection.expected-statuses = ["400", "405", "415", "422", "424"]
        [[operations]]
        include-name = "GET /"
        headers = {{ Accept = "text/html" }}
        """
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "openapi.json").write_text(json.dumps(document))
        pathlib.Path(folder, "schemathesis.toml").write_text(configuration)
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", "openapi.json", "--url", server.url,
            "--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--max-examples", str(options.examples),
            "--seed", str(options.seed), "--continue-on-failure", "--request-timeout", "60", "--suppress-health-check", "all",
            "--warnings", "off", "--output-sanitize", "false"]
        path = os.pathsep.join([str(serving.ROOT / "Scripts"), os.environ.get("PYTHONPATH", "")])
        status = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": path}).returncode
    check(status == 0, f"Schemathesis ends with {status}")
    check(server.process.poll() is None, "the server ended")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, default=serving.SERVER)
    parser.add_argument("--rerank-model", type=pathlib.Path)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    text = DOCUMENT.read_bytes()
    document = json.loads(text)
    openapi_spec_validator.validate(document)
    for one in operations(document):
        one.check_examples()

    def start(*arguments):
        return Server(options.server, *arguments)

    with tempfile.NamedTemporaryFile("w") as keys:
        keys.write(f"another\n{KEY}\n")
        keys.flush()
        with start("--api-key-file", keys.name, "--strict-model") as server:
            check_keys(document, server)
            check_strict_model(document, server)
    with start("--max-buffered-bytes", "200", "--drain-delay", "5") as server:
        check_full_and_draining(document, server)

    vocabulary_size = json.loads((serving.MODEL / "config.json").read_text())["vocab_size"]
    runs = [[]] + ([["--rerank-model", options.rerank_model, "--accept-token-ids"]] if options.rerank_model else [])
    for arguments in runs:
        with start(*arguments) as server:
            if not arguments:
                check_routes(document, server)
                served = server.ask("GET", "/openapi.json")[2]
                check(served == text, "the server has another document: build it again")
                check_faults(document, server)
                check_slow_bodies(document, server)
            check_request_ids(document, server)
            info = json.loads(server.ask("GET", "/info")[2])
            strict = exact(document, info, vocabulary_size, accepts_ids=bool(arguments))
            run_schemathesis(strict, server, options, has_reranker=bool(arguments))
    print("all checks hold" if failures == 0 else f"{failures} checks failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
