#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of training, Tests/SwiftletTrainingTests/Fixtures/batch-hard/, architectures/ and steps/: gradients
of a whole small random BERT, of each other architecture, of a BERT with further modules, and of static embeddings; and 20
steps of training the small BERT.

usage: make_training_goldens.py [--output FOLDER]

All numbers are PyTorch's in float64, each text run alone, so unpadded, dropout off. Of each case: `loss` [1], `vectors`
[texts, hidden], `positives` and `negatives` [texts] (the hardest, by index) and `gradient.NAME` for each parameter by its
name in the checkpoint, of modules `gradient.FOLDER.NAME`. Choices among the hardest and triplets' distances to the margin
are all at least 1e-3 away from where the result changes.

The steps are those of train_reference.py, which says what the files are, with a rate of 5e-4, on texts of random words.
"""
import argparse
import pathlib
import random

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, StaticEmbedding
from tokenizers import BertWordPieceTokenizer
from torch import nn
from transformers import AutoTokenizer, BertConfig

from bert_reference import (
    REPOSITORY, SPECIAL_TOKENS, SPECIAL_TOKENS_OF_ROBERTA, configuration, load, random_weights, write_json, write_model)
from make_bert_goldens import Case, vocabulary, with_modules, write_modules
from train_reference import train
from triplet_reference import batch_hard, embed

OUTPUT = REPOSITORY / "Tests" / "SwiftletTrainingTests" / "Fixtures"
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


# A seed for each, so that no choice is close.
ARCHITECTURES = {"distilbert": 1, "electra": 2, "mpnet": 2, "xlm-roberta": 1}
MODULES_SEED = 1
STATIC_SEED = 2


def write_golden(path, parameters, vectors, labels, margin):
    """The loss of the vectors, and the gradients of parameters, which are given with their names."""
    loss, mined = batch_hard(vectors, labels, margin)
    loss.backward()
    print(f"{path.stem}: loss {loss:.6f}, {mined.active.sum()} of {len(labels)} triplets active, closest {mined.closest:.1e}")
    assert mined.closest > 1e-3, "another seed, please"
    tensors = {"loss": loss.detach()[None], "vectors": vectors.detach(), "positives": mined.positives,
               "negatives": mined.negatives}
    tensors |= {f"gradient.{name}": tensor.grad for name, tensor in parameters if tensor.grad is not None}
    save_file(tensors, path)


def make_architecture(output, model_type, texts, labels, seed):
    special = SPECIAL_TOKENS_OF_ROBERTA if model_type in ("mpnet", "xlm-roberta") else SPECIAL_TOKENS
    pieces = vocabulary(cased=False, special=special)
    config = configuration(
        model_type, vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64, **({"embedding_size": 20} if model_type == "electra" else {}))
    weights = {name: tensor for name, tensor in random_weights(config, seed).items() if "pooler" not in name}
    write_model(output / "model", config, weights, pieces, lowercase=True)
    tokenizer = AutoTokenizer.from_pretrained(output / "model", local_files_only=True)
    encodings = [tokenizer(text)["input_ids"] for text in texts]
    model = load(output / "model", torch.float64)
    vectors = embed(model, encodings, "mean", normalize=True, batched=False)
    write_golden(output / "golden.safetensors", model.named_parameters(), vectors, labels, margin=0.3)


def make_static(output, pieces, texts, labels, seed):
    """Embeddings of tokens, Dense with ReLU, Normalize; one text has no tokens."""
    torch.manual_seed(seed)
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    embedding = StaticEmbedding(BertWordPieceTokenizer(vocabulary)._tokenizer, embedding_dim=20)
    modules = [embedding, Dense(20, 12, activation_function=nn.ReLU()), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(output / "model"), create_model_card=False)
    model = SentenceTransformer(str(output / "model"), device="cpu", local_files_only=True).double().eval()
    vectors = torch.cat([model(model.preprocess([text]))["sentence_embedding"] for text in texts])
    parameters = [(f"1_Dense.{name}", tensor) for name, tensor in model[1].named_parameters()]
    write_golden(
        output / "golden.safetensors", list(model[0].named_parameters()) + parameters, vectors, labels, margin=0.3)


def make_modules(output, config, pieces, texts, labels, seed):
    weights = {name: tensor for name, tensor in random_weights(config, seed).items() if "pooler" not in name}
    write_model(output / "model", config, weights, pieces, lowercase=True)
    pooling = {"embedding_dimension": config.hidden_size, "pooling_mode": ["mean", "cls"]}
    write_modules(output / "model", Case("modules", 0, 0, 0, 0, "", pooling=pooling))
    model = with_modules(SentenceTransformer(str(output / "model"), device="cpu"), config.hidden_size, seed, dropout=0)
    model.save(str(output / "model"), create_model_card=False)
    model = SentenceTransformer(str(output / "model"), device="cpu", local_files_only=True).double().eval()
    vectors = torch.cat([model(model.preprocess([text]))["sentence_embedding"] for text in texts])
    parameters = [(name.removeprefix("model."), tensor) for name, tensor in model[0].named_parameters()]
    for place, module in list(enumerate(model))[1:]:
        folder = f"{place}_{type(module).__name__}"
        parameters += [(f"{folder}.{name}", tensor) for name, tensor in module.named_parameters()]
    write_golden(output / "golden.safetensors", parameters, vectors, labels, margin=0.3)


def random_batches(seed):
    """Endless batches of 5 labels x 3 texts: texts, then their labels. Half of a text's words are those of its label."""
    rng = random.Random(seed)
    words = {label: " ".join(texts).split() for label, texts in TEXTS.items() if label != "alone"}
    words["any"] = sum(words.values(), [])
    labels = [place for place in range(len(words)) for _ in range(3)]
    while True:
        yield [" ".join(rng.choice(words[rng.choice([list(words)[label], "any"])]) for _ in range(rng.randrange(2, 20)))
               for label in labels], labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT)
    output = parser.parse_args().output
    pieces = vocabulary(cased=False)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64)
    weights = {name: tensor for name, tensor in random_weights(config, seed=39).items() if "pooler" not in name}
    bert = output / "batch-hard"
    write_model(bert / "model", config, weights, pieces, lowercase=True)
    rows = [(text, label) for label, texts in TEXTS.items() for text in texts]
    write_json(bert / "batch.json", [{"text": text, "label": label} for text, label in rows])

    tokenizer = AutoTokenizer.from_pretrained(bert / "model", local_files_only=True)
    encodings = [tokenizer(text)["input_ids"] for text, _ in rows]
    labels = torch.tensor([list(TEXTS).index(label) for _, label in rows])
    for name, case in CASES.items():
        model = load(bert / "model", torch.float64)
        vectors = embed(model, encodings, case["pooling"], case["normalize"], batched=False)
        write_golden(bert / f"{name}.safetensors", model.named_parameters(), vectors, labels, case["margin"])
    texts = [text for text, _ in rows]
    for model_type, seed in ARCHITECTURES.items():
        make_architecture(output / "architectures" / model_type, model_type, texts, labels, seed)
    make_modules(output / "architectures" / "modules", config, pieces, texts, labels, MODULES_SEED)
    make_static(
        output / "architectures" / "static-embedding", pieces, texts + [""], torch.cat([labels, labels[-1:]]),
        STATIC_SEED)
    (output / "steps").mkdir(exist_ok=True)
    train(bert / "model", random_batches(seed=0), output / "steps", steps=20, rate=5e-4)


if __name__ == "__main__":
    main()
