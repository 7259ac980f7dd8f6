#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks `serve` through the clients that people have, and compares every number with those of `embed` and `rerank`.

usage: check_clients.py [--server PROGRAM] [--only WORD ...]

    python3 -m venv .venv-clients && .venv-clients/bin/pip install -r Scripts/requirements-clients.txt
    .venv-clients/bin/python Scripts/check_clients.py

PROGRAM is `serve` of Examples/Server, built in release, if not given; `embed` and `rerank` are those of Examples/. The server
has the bundled model and a small random cross-encoder. Vectors must have the bits that `embed` writes, scores those that
`rerank` prints. Prints a line for each client and exits with 1 if one of them gets something else. Asks no other machine.
"""
import argparse
import asyncio
import base64
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

# Before the clients are imported: none of them may look for anything elsewhere, or report.
os.environ |= {
    "HF_HUB_DISABLE_TELEMETRY": "1", "ANONYMIZED_TELEMETRY": "False", "LANGSMITH_TRACING": "false", "DO_NOT_TRACK": "1",
}
for name in "HF_TOKEN", "HF_HUB_OFFLINE", "OPENAI_BASE_URL", "HUGGINGFACE_API_KEY", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY":
    os.environ.pop(name, None)
warnings.filterwarnings("ignore")

import numpy as np

import programs
import serving

TEXTS = [
    "A man is eating food.", "Someone has a meal.", "Stocks fell on Monday.", "Ünïcödé, 漢字 and 👩‍👩‍👧‍👦", "x", "tabs\tand  spaces ",
    '"quoted" \\ and <b>marked</b>', " ".join(f"word{number}" for number in range(400)),
]
QUERY = "How long does a battery last?"
DOCUMENTS = [
    "The battery lasts for ten hours.", "Charge it with the cable that comes with it.", "It is available in red and blue.",
    "Batteries lose a fifth of their capacity in two years.", "Our office is closed on Sundays.",
]
MANY = 100  # more than the 32 that text-embeddings-inference takes
CLIENTS = []


class Difference(Exception):
    """A client got something else than the programs give."""


def client(name, package):
    """Registers a check of a client: a function of `Expected` that raises Difference."""
    def register(function):
        CLIENTS.append((name, package, function))
        return function
    return register


class Expected:
    """The server's address, and what it should answer."""

    def __init__(self, url):
        self.url = url
        self.many = [f"{index} {text}" for index, text in zip(range(MANY), TEXTS * MANY)]
        self.vectors = programs.embed(TEXTS, "--normalize")
        self.many_vectors = programs.embed(self.many, "--normalize")
        self.raw_vectors = programs.embed(TEXTS, "--no-normalize")
        self.cut_vectors = programs.embed(TEXTS, "--normalize", "--truncate-dim", "128")
        self.scores = scores()

    def vectors_equal(self, got, wanted=None):
        wanted = self.vectors if wanted is None else wanted
        got = np.asarray(got)
        if got.shape != wanted.shape:
            raise Difference(f"vectors of the shape {got.shape}, not {wanted.shape}")
        differing = (got.astype(np.float32).view(np.uint32) != wanted.view(np.uint32)).sum()
        if differing:
            raise Difference(f"{differing} of {wanted.size} numbers have other bits, the largest difference {np.abs(got - wanted).max()}")

    def scores_equal(self, got, count=None):
        """`got` is [(index, score)], the best first."""
        wanted = self.scores[:count]
        got = [(index, np.float32(score)) for index, score in got]
        if got != wanted:
            raise Difference(f"ranks {got}, not {wanted}")


def scores():
    """(index, score) of the documents as `rerank` gives them, the best first."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "documents.txt"
        path.write_text("".join(f"{document}\n" for document in DOCUMENTS), encoding="utf-8")
        output = subprocess.run(
            [programs.PROGRAMS / "rerank", "--model", serving.RERANKER, "--query", QUERY, "--input", path, "--format", "jsonl", "--quiet"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    ranked = [json.loads(line) for line in output.splitlines()]
    return [(document["index"], np.float32(document["score"])) for document in ranked]


# MARK: OpenAI


@client("openai", "openai")
def openai_client(expected):
    import openai

    with openai.OpenAI(base_url=f"{expected.url}/v1", api_key="none", max_retries=0) as client:
        for encoding in None, "base64", "float":
            more = {} if encoding is None else {"encoding_format": encoding}
            answer = client.embeddings.create(model="text-embedding-3-small", input=TEXTS, **more)
            data = [item.embedding for item in answer.data]
            if encoding == "base64":
                data = [np.frombuffer(base64.b64decode(item), "<f4") if isinstance(item, str) else item for item in data]
            expected.vectors_equal(data)
            if [item.index for item in answer.data] != list(range(len(TEXTS))):
                raise Difference("indices that are not 0, 1, 2 …")
            if not answer.usage.prompt_tokens == answer.usage.total_tokens > len(TEXTS):
                raise Difference(f"usage: {answer.usage}")
        expected.vectors_equal([client.embeddings.create(model="m", input=text).data[0].embedding for text in TEXTS])
        expected.vectors_equal([item.embedding for item in client.embeddings.create(model="m", input=TEXTS, dimensions=128).data], expected.cut_vectors)
        expected.vectors_equal([item.embedding for item in client.embeddings.create(model="m", input=expected.many).data], expected.many_vectors)
        [model] = client.models.list().data
        if client.models.retrieve(model.id).id != model.id:
            raise Difference("models.retrieve gives another model than models.list")
        with contextlib.suppress(openai.BadRequestError):
            client.embeddings.create(model="m", input=["a", ""])
            raise Difference("an empty text is no error")
        with contextlib.suppress(openai.NotFoundError):
            client.models.retrieve("no-such-model")
            raise Difference("an unknown model is no error")
        try:
            client.embeddings.create(model="m", input="a", dimensions=5000)
            raise Difference("5,000 dimensions are no error")
        except openai.BadRequestError as error:
            if error.param != "dimensions" or error.type != "invalid_request_error" or not error.request_id:
                raise Difference(f"an error with param {error.param}, type {error.type}, request id {error.request_id}") from None


@client("openai, asynchronous", "openai")
def openai_async(expected):
    import openai

    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{expected.url}/v1", api_key="none", max_retries=0) as client:
            answers = await asyncio.gather(*(client.embeddings.create(model="m", input=text) for text in expected.many))
            return [answer.data[0].embedding for answer in answers]
    expected.vectors_equal(asyncio.run(ask()), expected.many_vectors)


# MARK: LangChain


@client("langchain-openai, texts", "langchain-openai")
def langchain_texts(expected):
    from langchain_openai import OpenAIEmbeddings

    embeddings = OpenAIEmbeddings(base_url=f"{expected.url}/v1", api_key="none", check_embedding_ctx_length=False, max_retries=0)
    expected.vectors_equal(embeddings.embed_documents(TEXTS))
    expected.vectors_equal([embeddings.embed_query(text) for text in TEXTS])
    expected.vectors_equal(embeddings.embed_documents(expected.many), expected.many_vectors)


@client("langchain-openai, token ids as by default", "langchain-openai")
def langchain_ids(expected):
    """Its ids are those of another tokenizer. The error must say how to do without them."""
    import openai
    from langchain_openai import OpenAIEmbeddings

    # The tokenizer's table comes with another package; without it tiktoken would ask for it elsewhere.
    [package] = importlib.util.find_spec("llama_index.core").submodule_search_locations
    os.environ["TIKTOKEN_CACHE_DIR"] = str(pathlib.Path(package) / "_static" / "tiktoken_cache")
    embeddings = OpenAIEmbeddings(base_url=f"{expected.url}/v1", api_key="none", max_retries=0)
    try:
        embeddings.embed_documents(TEXTS)
    except openai.BadRequestError as error:
        if "check_embedding_ctx_length" not in str(error):
            raise Difference(f"an error that does not name check_embedding_ctx_length: {error}") from None
    else:
        raise Difference("vectors of another tokenizer's ids, without an error")


# MARK: Hugging Face


@client("huggingface_hub", "huggingface_hub")
def hugging_face(expected):
    from huggingface_hub import InferenceClient
    from huggingface_hub.errors import HfHubHTTPError

    client = InferenceClient(model=expected.url)
    expected.vectors_equal(client.feature_extraction(TEXTS))
    expected.vectors_equal(np.concatenate([client.feature_extraction(text) for text in TEXTS]))
    expected.vectors_equal(client.feature_extraction(TEXTS, normalize=False), expected.raw_vectors)
    expected.vectors_equal(client.feature_extraction(TEXTS, dimensions=128, truncate=True, truncation_direction="right"), expected.cut_vectors)
    expected.vectors_equal(client.feature_extraction(expected.many), expected.many_vectors)
    cosines = np.asarray(client.sentence_similarity(TEXTS[0], other_sentences=TEXTS[1:]))
    wanted = expected.vectors[1:].astype(np.float64) @ expected.vectors[0].astype(np.float64)
    if cosines.shape != wanted.shape or np.abs(cosines - wanted).max() > 1e-6:
        raise Difference(f"cosines {cosines}, not {wanted}")
    with contextlib.suppress(HfHubHTTPError):
        client.feature_extraction(["a", ""])
        raise Difference("an empty text is no error")


# MARK: LlamaIndex


@client("llama-index, TEI embedding", "llama-index-embeddings-text-embeddings-inference")
def llama_index_embedding(expected):
    from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference

    model = TextEmbeddingsInference(model_name="sentence-transformers/all-MiniLM-L6-v2", base_url=expected.url, text_instruction="", query_instruction="", embed_batch_size=100)
    expected.vectors_equal(model.get_text_embedding_batch(TEXTS))
    expected.vectors_equal([model.get_query_embedding(text) for text in TEXTS])
    expected.vectors_equal(model.get_text_embedding_batch(expected.many), expected.many_vectors)
    expected.vectors_equal(asyncio.run(model.aget_text_embedding_batch(TEXTS)))


@client("llama-index, TEI rerank", "llama-index-postprocessor-tei-rerank")
def llama_index_rerank(expected):
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
    from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

    for count in len(DOCUMENTS), 2:
        rerank = TextEmbeddingInference(base_url=expected.url, top_n=count)
        nodes = [NodeWithScore(node=TextNode(text=text, id_=str(index)), score=0.5) for index, text in enumerate(DOCUMENTS)]
        ranked = rerank.postprocess_nodes(nodes, query_bundle=QueryBundle(QUERY))
        expected.scores_equal([(int(node.node.node_id), node.score) for node in ranked], count)


# MARK: Cohere


def check_cohere(expected, client):
    for count in None, 2:
        answer = client.rerank(model="rerank-v3.5", query=QUERY, documents=DOCUMENTS, top_n=count)
        expected.scores_equal([(result.index, result.relevance_score) for result in answer.results], count)
        if not answer.id or answer.meta.billed_units.search_units != 1:
            raise Difference(f"an answer with the id {answer.id} and the meta {answer.meta}")
    import cohere.errors
    with contextlib.suppress(cohere.errors.BadRequestError):
        client.rerank(model="m", query=QUERY, documents=[])
        raise Difference("no documents are no error")


@client("cohere, version 2", "cohere")
def cohere_v2(expected):
    import cohere

    check_cohere(expected, cohere.ClientV2(api_key="none", base_url=expected.url))


@client("cohere, version 1", "cohere")
def cohere_v1(expected):
    import cohere

    client = cohere.Client(api_key="none", base_url=expected.url)
    check_cohere(expected, client)
    answer = client.rerank(query=QUERY, documents=[{"text": text} for text in DOCUMENTS], return_documents=True)
    expected.scores_equal([(result.index, result.relevance_score) for result in answer.results])
    if any(result.document.text != DOCUMENTS[result.index] for result in answer.results):
        raise Difference("documents that are not those of the indices")


# MARK: Chroma


@client("chromadb, HuggingFaceEmbeddingServer", "chromadb")
def chroma(expected):
    from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

    function = HuggingFaceEmbeddingServer(url=f"{expected.url}/embed")
    expected.vectors_equal(function(TEXTS))
    expected.vectors_equal(function(expected.many), expected.many_vectors)


@client("chromadb, a collection", "chromadb")
def chroma_collection(expected):
    import chromadb
    from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

    client = chromadb.EphemeralClient(settings=chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("texts", embedding_function=HuggingFaceEmbeddingServer(url=f"{expected.url}/embed"))
    collection.add(ids=[str(index) for index in range(MANY)], documents=expected.many)
    # It scales vectors to length 1 itself, so that their last bits are its own.
    kept = collection.get(include=["embeddings"])["embeddings"]
    if np.abs(kept - expected.many_vectors).max() > 1e-6:
        raise Difference("vectors that are not those of the texts")
    found = collection.query(query_texts=expected.many[:10], n_results=1)["ids"]
    if found != [[str(index)] for index in range(10)]:
        raise Difference(f"texts that are nearest to others than themselves: {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=serving.SERVER, metavar="PROGRAM")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="the clients whose names have one of these words")
    arguments = parser.parse_args()
    failures = 0
    with serving.Server(arguments.server, "--rerank-model", serving.RERANKER) as server:
        expected = Expected(server.url)
        for name, package, function in CLIENTS:
            if arguments.only and not any(word in name for word in arguments.only):
                continue
            try:
                version = importlib.metadata.version(package)
                function(expected)
                print(f"ok   {name}, {package} {version}", flush=True)
            except Exception as error:  # clients raise what they like
                failures += 1
                print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
