# SPDX-License-Identifier: Apache-2.0
"""What many people write to serve vectors: FastAPI and uvicorn around ONNX Runtime. A peer of serve_load.py, which runs it.

usage: fastapi_app.py --model DIR --graph FILE --port N [--threads N] [--workers N] [--batching]

Each request is computed in a thread of its own, as FastAPI does it; with --batching, requests that wait are computed
together, up to 64 texts. The API is OpenAI's.
"""
import argparse
import asyncio
import base64
import contextlib
import os
import pathlib

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

import engines

MOST_TEXTS = 64


class Body(BaseModel):
    input: str | list[str]
    model: str = ""
    encoding_format: str = "float"


class Encoder:
    def __init__(self, model, graph, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.types = {argument.name: np.int32 if "int32" in argument.type else np.int64 for argument in self.session.get_inputs()}
        self.tokenizer = engines.tokenizer(model, 256)
        self.network = engines.Network(pathlib.Path(model))

    def vectors(self, texts):
        encodings = self.tokenizer.encode_batch(texts)
        parts = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        inputs = {name: np.array([getattr(encoding, part) for encoding in encodings]) for name, part in parts.items()}
        output = self.session.run(None, {name: inputs[name].astype(kind) for name, kind in self.types.items()})[0]
        return self.network.vectors(output, inputs["attention_mask"]).astype(np.float32), int(inputs["attention_mask"].sum())


def answer(body, vectors, tokens):
    def encoded(vector):
        return base64.b64encode(vector.tobytes()).decode() if body.encoding_format == "base64" else vector
    data = [{"object": "embedding", "index": index, "embedding": encoded(vector)} for index, vector in enumerate(vectors)]
    return Response(
        orjson.dumps(
            {"object": "list", "data": data, "model": body.model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}},
            option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def inputs(body):
    return [body.input] if isinstance(body.input, str) else body.input


def make_app():
    """Reads its settings from the environment, since uvicorn's workers are processes of their own."""
    encoder = Encoder(os.environ["APP_MODEL"], os.environ["APP_GRAPH"], int(os.environ["APP_THREADS"]))
    waiting, wakes, batching = [], asyncio.Event(), "APP_BATCHING" in os.environ

    async def compute():
        """Computes what waits, up to so many texts together."""
        while True:
            await wakes.wait()
            taken = [waiting.pop(0)]
            while waiting and sum(len(texts) for texts, _ in taken) + len(waiting[0][0]) <= MOST_TEXTS:
                taken.append(waiting.pop(0))
            if not waiting:
                wakes.clear()
            vectors, _ = await asyncio.to_thread(encoder.vectors, [text for texts, _ in taken for text in texts])
            for texts, future in taken:
                if not future.done():
                    future.set_result(vectors[:len(texts)])
                vectors = vectors[len(texts):]

    @contextlib.asynccontextmanager
    async def lifespan(_):
        task = asyncio.create_task(compute())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    def health():
        return {}

    if batching:
        @app.post("/v1/embeddings")
        async def embeddings(body: Body):
            future = asyncio.get_running_loop().create_future()
            waiting.append((inputs(body), future))
            wakes.set()
            return answer(body, await future, 0)
    else:
        @app.post("/v1/embeddings")
        def embeddings(body: Body):
            return answer(body, *encoder.vectors(inputs(body)))

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=engines.THREADS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batching", action="store_true")
    arguments = parser.parse_args()
    os.environ |= {"APP_MODEL": arguments.model, "APP_GRAPH": arguments.graph, "APP_THREADS": str(arguments.threads)}
    if arguments.batching:
        os.environ["APP_BATCHING"] = "1"
    uvicorn.run("fastapi_app:make_app", factory=True, host="127.0.0.1", port=arguments.port, workers=arguments.workers, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
