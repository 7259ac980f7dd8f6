#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of training, Tests/FineTuningTests/Fixtures/batch-hard/: gradients of a whole small random BERT.

usage: make_training_goldens.py [--output FOLDER]

All numbers are PyTorch's in float64, each text run alone, so unpadded, dropout off. Of each case: `loss` [1], `vectors`
[texts, hidden], `positives` and `negatives` [texts] (the hardest, by index) and `gradient.NAME` for each parameter by its
name in the checkpoint. No choice among the hardest, and no triplet's distance to the margin, is nearer than 1e-3.
"""
import argparse
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertConfig

from bert_reference import REPOSITORY, load, random_weights, write_json, write_model
from make_bert_goldens import vocabulary
from triplet_reference import batch_hard, embed

OUTPUT = REPOSITORY / "Tests" / "FineTuningTests" / "Fixtures" / "batch-hard"
CASES = {
    "mean-normalized": {"pooling": "mean", "normalize": True, "margin": 0.3},
    "cls": {"pooling": "cls", "normalize": False, "margin": 5},
}
TEXTS = {
    "sitting": ["the cat sat", "The cat's dog was sitting on a mat.", "sat!", "a mat, a cat and the dog sat there"],
    "running": ["the dog ran", "It ran away from the cat; jumping.", "running", "dogs run and run and run on and on"],
    "counting": ["1984", "12 cats, 3 dogs and 40 mats", "7, 8, 9?", "one was 1; the other 22"],
    "paying": ["£9", "It was £40 for the mat.", "was the dog £200?", "pay £1 now; £2 then"],
    "alone": ["中 中"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT)
    output = parser.parse_args().output
    pieces = vocabulary(cased=False)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64)
    weights = {name: tensor for name, tensor in random_weights(config, seed=39).items() if "pooler" not in name}
    write_model(output / "model", config, weights, pieces, lowercase=True)
    rows = [(text, label) for label, texts in TEXTS.items() for text in texts]
    write_json(output / "batch.json", [{"text": text, "label": label} for text, label in rows])

    tokenizer = AutoTokenizer.from_pretrained(output / "model", local_files_only=True)
    encodings = [tokenizer(text)["input_ids"] for text, _ in rows]
    labels = torch.tensor([list(TEXTS).index(label) for _, label in rows])
    for name, case in CASES.items():
        model = load(output / "model", torch.float64)
        vectors = embed(model, encodings, case["pooling"], case["normalize"], batched=False)
        loss, mined = batch_hard(vectors, labels, case["margin"])
        loss.backward()
        print(f"{name}: loss {loss:.6f}, {mined.active.sum()} of {len(rows)} triplets active, closest {mined.closest:.1e}")
        assert mined.closest > 1e-3, "another seed, please"
        tensors = {"loss": loss.detach()[None], "vectors": vectors.detach(), "positives": mined.positives,
                   "negatives": mined.negatives}
        tensors |= {f"gradient.{parameter}": tensor.grad for parameter, tensor in model.named_parameters()
                    if tensor.grad is not None}
        save_file(tensors, output / f"{name}.safetensors")


if __name__ == "__main__":
    main()
