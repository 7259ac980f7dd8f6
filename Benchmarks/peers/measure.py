#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures one peer and prints a line of JSON; compare.py runs it.

usage: measure.py embed|latency --engine NAME --precision NAME --model DIR --cache DIR --calibration FILE --text FILE
                  [--expected NPY] [--pairs FILE, the second texts] [--seconds 10]
       measure.py tokenize --model DIR --text FILE
       measure.py train --model DIR --text CSV [--steps 20]
"""
import argparse
import csv
import json
import os
import pathlib
import random
import statistics
import time
import warnings

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
warnings.filterwarnings("ignore")

import numpy as np

import engines
import swiftlet

MAX_LENGTH = 256
BATCH_SIZES = 8, 32, 64


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def variants(arguments, **options):
    return getattr(engines, arguments.engine)(
        arguments.model, arguments.precision, cache=arguments.cache, calibration=lines(arguments.calibration),
        **options)


def embed_once(variant, tokenizer, texts, size):
    """Seconds, tokens and vectors of one pass."""
    if getattr(variant, "reads_texts", False):
        start = time.perf_counter()
        vectors = variant(texts, size)
        seconds = time.perf_counter() - start
        tokens = sum(sum(encoding.attention_mask) for encoding in tokenizer.encode_batch(texts))
        return seconds, tokens, vectors
    vectors, tokens, start = [None] * len(texts), 0, time.perf_counter()

    def keep(indices):
        def done(rows):
            for index, row in zip(indices, rows):
                vectors[index] = row

        return done

    for indices, inputs in engines.batches(tokenizer, texts, size):
        variant(inputs, keep(indices))
        tokens += int(inputs["attention_mask"].sum())
    variant.wait()
    return time.perf_counter() - start, tokens, vectors


def embed(arguments):
    """Looks for the best variant and batch size on a fifth of the texts, and runs that one twice over all."""
    tokenizer, texts = engines.tokenizer(arguments.model, MAX_LENGTH), lines(arguments.text)
    if arguments.pairs:
        texts = list(zip(texts, lines(arguments.pairs)))
    best = None
    for name, variant in variants(arguments):
        embed_once(variant, tokenizer, texts[::20], BATCH_SIZES[0])
        for size in BATCH_SIZES:
            seconds = embed_once(variant, tokenizer, texts[::5], size)[0]
            if best is None or seconds < best[0]:
                best = seconds, name, variant, size
    _, name, variant, size = best
    passes = [embed_once(variant, tokenizer, texts, size) for _ in range(2)]
    seconds, tokens, vectors = min(passes, key=lambda one: one[0])
    result = {"tokens_per_s": tokens / seconds, "batch_size": size, "variant": name}
    if arguments.pairs:
        # All logits as one vector: a pair has no other.
        x, y = np.concatenate(vectors), np.loadtxt(arguments.expected)
        result["min_cosine"] = float(x @ y / np.sqrt((x @ x) * (y @ y)))
    elif arguments.expected:
        result["min_cosine"] = float((np.array(vectors) * np.load(arguments.expected)).sum(1).min())
    return result


def latency(arguments):
    """`calmest` of a text to its vector."""
    tokenizer, [text] = engines.tokenizer(arguments.model, MAX_LENGTH), lines(arguments.text)[:1]
    results = [
        swiftlet.calmest(lambda: embed_once(variant, tokenizer, [text], 1), arguments.seconds) | {"variant": name}
        for name, variant in variants(arguments, latency=True)]
    return min(results, key=lambda result: result["p50_ms"])


def tokenize(arguments):
    """Megabytes a second on as many threads as RAYON_NUM_THREADS says."""
    tokenizer, texts = engines.tokenizer(arguments.model)._tokenizer, lines(arguments.text)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        tokenizer.encode_batch_fast(texts)
        times.append(time.perf_counter() - start)
    return {"megabytes_per_s": sum(len(text.encode()) for text in texts) / 1e6 / min(times)}


def batch_hard_triplet(torch, x, labels, margin):
    """Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, 2017."""
    products = x @ x.T
    squares = products.diag()
    squared = (squares[None] - 2 * products + squares[:, None]).clamp(min=0)
    zero = (squared == 0).float()
    distances = (1 - zero) * torch.sqrt(squared + zero * 1e-16)
    same = labels[None] == labels[:, None]
    positive = (distances * (same & ~torch.eye(len(labels), dtype=torch.bool))).max(1)[0]
    negative = (distances + distances.max(1, keepdim=True)[0] * same).min(1)[0]
    return torch.relu(positive - negative + margin).mean()


def train(arguments):
    """Milliseconds a step of 16 labels x 4 texts in PyTorch, without the tokenizer's part."""
    import torch
    from transformers import AutoModel

    torch.set_num_threads(engines.THREADS)
    tokenizer, rng = engines.tokenizer(arguments.model, 128), random.Random(0)
    by_label = {}
    for text, label in list(csv.reader(arguments.text.open(encoding="utf-8")))[1:]:
        by_label.setdefault(label, []).append(text)
    network = AutoModel.from_pretrained(arguments.model, dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-5, weight_decay=0.01)
    times = []
    for _ in range(arguments.steps + 4):
        chosen = rng.sample(sorted(by_label), 16)
        encodings = tokenizer.encode_batch([text for label in chosen for text in rng.sample(by_label[label], 4)])
        start = time.perf_counter()
        states = network(
            input_ids=torch.tensor([e.ids for e in encodings]),
            attention_mask=torch.tensor([e.attention_mask for e in encodings])).last_hidden_state
        labels = torch.tensor([index for index in range(16) for _ in range(4)])
        batch_hard_triplet(torch, states[:, 0], labels, 5.0).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - start)
    return {"ms_per_step": statistics.median(times[4:]) * 1000}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["embed", "latency", "tokenize", "train"])
    parser.add_argument("--engine", choices=["pytorch", "onnxruntime", "openvino", "ctranslate2", "llamacpp", "fastembed"])
    parser.add_argument("--precision", choices=["float32", "bfloat16", "int8"])
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path)
    parser.add_argument("--calibration", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--pairs", type=pathlib.Path)
    parser.add_argument("--expected", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=10, help="of requests, to measure their latency")
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    print(json.dumps(globals()[arguments.task](arguments)))


if __name__ == "__main__":
    main()
