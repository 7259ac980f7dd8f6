#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the bundled model, Tests/SwiftletEncodersTests/Fixtures/all-MiniLM-L6-v2/; the README above it is the format.

usage: make_bundled_goldens.py

Each line of page.txt there, an empty line too, is a text; sentence-transformers embeds it alone, in float32, with the
weights of weights/all-MiniLM-L6-v2.
"""
import numpy as np
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from bert_reference import FIXTURES, REPOSITORY, write_json

MODEL = REPOSITORY / "weights" / "all-MiniLM-L6-v2"
GOLDENS = FIXTURES / "all-MiniLM-L6-v2"


def main():
    texts = (GOLDENS / "page.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    model = SentenceTransformer(str(MODEL), device="cpu", local_files_only=True)
    ids = [model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"] for text in texts]
    whole = [len(model.tokenizer(text, verbose=False)["input_ids"]) for text in texts]

    def encode(model):
        return np.concatenate([model.encode([text]) for text in texts])
    bare = SentenceTransformer(modules=[model[0], Pooling(model.get_embedding_dimension(), "cls")], device="cpu")
    save_file({"embedding": encode(model), "cls": encode(bare)}, GOLDENS / "expected.safetensors")
    write_json(GOLDENS / "texts.json", [
        {"text": text, "ids": ids, "truncated": whole > len(ids)} for text, ids, whole in zip(texts, ids, whole)])
    print(f"{len(texts)} texts, {sum(whole > len(i) for i, whole in zip(ids, whole))} of them truncated")


if __name__ == "__main__":
    main()
