#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of small random BERTs and their kin, Tests/SwiftletEncodersTests/Fixtures/<case>/; the README there is
the format.

usage: make_bert_goldens.py [--output FIXTURES] [CASE ...]

The cases differ in sizes, activation, vocabulary, stored precision, names of the tensors and in what the folder says
about pooling. All expected numbers are from transformers and sentence-transformers in float64.
"""
import argparse
import dataclasses
import pathlib
import shutil
import string
import tempfile

import numpy as np
import torch
from ml_dtypes import bfloat16
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Dropout, LayerNorm, Normalize, Pooling
from sentence_transformers.util import truncate_embeddings
from transformers import AutoConfig, AutoTokenizer

from bert_reference import (
    FIXTURES, SPECIAL_TOKENS, SPECIAL_TOKENS_OF_ROBERTA, configuration, first_position, hidden_states,
    largest_errors, load, random_weights, write_json, write_model)

TEXTS = [
    "",
    "cat",
    "The cat sat on the mat.",
    "A dog ran away, jumping!",
    "Café ÉCOLE naïve 中国 [SEP] £9?",
    "It was 1984; the dog's cat, running on a mat, had sat there and the mat was a cat's.",
    "the cat and the dog and " * 9 + "the mat",
]
PAIRS = [("The cat sat.", "A dog ran away!"), ("", "mat"), ("the dog", "the cat " * 20)]

# sentence-transformers' name of each pooling, and ours.
POOLINGS = {
    "cls": "cls",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean-sqrt-len",
    "weightedmean": "weighted-mean",
    "lasttoken": "last-token",
}
# The functions of Dense by their classes in torch.nn.
ACTIVATIONS = ["Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "Softplus", "LeakyReLU", "ReLU6", "Hardtanh",
               "LogSigmoid", "Softsign"]
# Padding tokens in a text, and one long enough for all buckets of relative positions.
EXTRA_TEXTS = ["the [PAD] cat [PAD] [PAD] sat", "a cat sat on the mat and it ran " * 14]
CONCATENATIONS = [("cls", "mean"), ("mean", "cls"), tuple(POOLINGS)]
CUT = 5


@dataclasses.dataclass
class Case:
    """A model folder: its sizes, then the form of its files."""

    name: str
    hidden: int
    heads: int
    layers: int
    intermediate: int
    activation: str
    epsilon: float = 1e-12
    positions: int = 64
    types: int = 2
    cased: bool = False
    stored: type = np.float32
    prefix: str = ""
    legacy_norm_names: bool = False  # gamma and beta
    task_heads: bool = False
    shards: int = 1
    pooling: dict | None = None  # 1_Pooling/config.json; None: no modules.json
    normalize: bool = False
    sentence_config: dict = dataclasses.field(default_factory=dict)
    prompts: dict = dataclasses.field(default_factory=dict)
    default_prompt: str | None = None
    saved_by_reference: bool = False  # written once more by SentenceTransformer.save
    model_type: str = "bert"
    embedding: int | None = None  # ELECTRA's embedding_size
    modules: bool = False  # further modules behind the pooling, see with_modules

    @property
    def texts(self):
        return TEXTS + EXTRA_TEXTS if self.model_type in ("mpnet", "xlm-roberta") else TEXTS


CASES = [
    Case("gelu-mean-normalized", hidden=24, heads=2, layers=2, intermediate=52, activation="gelu",
         pooling={"word_embedding_dimension": 24, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
                  "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False},
         normalize=True, sentence_config={"max_seq_length": 20, "do_lower_case": False},
         prompts={"query": "the cat ", "document": ""}, default_prompt="query"),
    Case("cased-gelu-new-task-heads", hidden=36, heads=12, layers=1, intermediate=70, activation="gelu_new",
         epsilon=1e-7, cased=True, prefix="bert.", task_heads=True),
    Case("relu-f16-shards", hidden=40, heads=5, layers=3, intermediate=96, activation="relu", epsilon=1e-5,
         stored=np.float16, prefix="bert.", shards=3,
         pooling={"word_embedding_dimension": 40, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True,
                  "pooling_mode_max_tokens": True, "pooling_mode_mean_sqrt_len_tokens": False,
                  "pooling_mode_weightedmean_tokens": False, "pooling_mode_lasttoken": True}),
    Case("silu-bf16-gamma-beta", hidden=20, heads=1, layers=4, intermediate=33, activation="silu",
         stored=bfloat16, legacy_norm_names=True,
         pooling={"embedding_dimension": 20, "pooling_mode": ["mean", "cls"], "include_prompt": True}, normalize=True),
    Case("odd-f64-few-positions", hidden=13, heads=1, layers=2, intermediate=17, activation="gelu", positions=16,
         types=1, stored=np.float64, cased=True),
    Case("saved-by-reference", hidden=64, heads=4, layers=2, intermediate=47, activation="gelu",
         pooling={"embedding_dimension": 64, "pooling_mode": "weightedmean", "include_prompt": True},
         sentence_config={"max_seq_length": 30, "do_lower_case": False}, saved_by_reference=True),
    Case("prompt-not-pooled", hidden=16, heads=2, layers=1, intermediate=32, activation="gelu",
         pooling={"embedding_dimension": 16, "pooling_mode": ["weightedmean", "mean", "cls"], "include_prompt": False},
         prompts={"query": "the cat sat: ", "document": ""}),
    Case("xlm-roberta", hidden=24, heads=3, layers=2, intermediate=40, activation="gelu", epsilon=1e-5, types=1,
         positions=142, model_type="xlm-roberta", prefix="roberta.",
         pooling={"word_embedding_dimension": 24, "pooling_mode_mean_tokens": True}, normalize=True,
         sentence_config={"max_seq_length": 120, "do_lower_case": False}),
    Case("distilbert", hidden=20, heads=2, layers=2, intermediate=44, activation="gelu", model_type="distilbert",
         prefix="distilbert.", pooling={"embedding_dimension": 20, "pooling_mode": "mean"}),
    Case("electra", hidden=32, heads=4, layers=2, intermediate=36, activation="gelu", model_type="electra", embedding=12,
         prefix="electra.", stored=np.float16),
    Case("mpnet", hidden=24, heads=3, layers=2, intermediate=40, activation="gelu", epsilon=1e-5, positions=142,
         model_type="mpnet", pooling={"word_embedding_dimension": 24, "pooling_mode_mean_tokens": True}, normalize=True,
         sentence_config={"max_seq_length": 120, "do_lower_case": False}),
    Case("modules", hidden=24, heads=2, layers=1, intermediate=40, activation="gelu", modules=True,
         pooling={"embedding_dimension": 24, "pooling_mode": ["mean", "cls"]}),
]


def vocabulary(cased, special=SPECIAL_TOKENS):
    letters = string.ascii_letters + "éÉ" if cased else string.ascii_lowercase
    characters = letters + string.digits
    words = ["the", "The", "cat", "dog", "mat", "ran", "sat", "was", "run", "jump", "##ning", "##ing", "##s", "中", "£"]
    pieces = special + list(characters) + ["##" + c for c in characters] + list(".,;!?'") + words
    return [piece for piece in pieces if cased or piece in SPECIAL_TOKENS or piece == piece.lower()]


def stored_name(case, name):
    if case.legacy_norm_names:
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    return case.prefix + name


def stored_weights(case, config, seed):
    weights = random_weights(config, seed)
    if not case.task_heads:
        weights = {name: tensor for name, tensor in weights.items() if not name.startswith("pooler.")}
    stored = {stored_name(case, name): tensor.astype(case.stored) for name, tensor in weights.items()}
    if case.stored == np.float64:  # numbers that float32 cannot represent
        stored = {name: tensor * (1 + 1e-9) for name, tensor in stored.items()}
    if case.task_heads:
        stored["bert.embeddings.position_ids"] = np.arange(case.positions, dtype=np.int64)[None]
        stored["cls.predictions.bias"] = np.zeros(config.vocab_size, np.float32)
        stored["cls.seq_relationship.weight"] = np.ones((2, case.hidden), np.float32)
    return stored


def split_into_shards(folder, weights, count):
    """Replaces model.safetensors by shards, neighbours in name order kept together, and their index."""
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for index, names in enumerate(np.array_split(sorted(weights), count)):
        shard = f"model-{index + 1:05}-of-{count:05}.safetensors"
        save_file({name: weights[name] for name in names}, folder / shard, metadata={"format": "pt"})
        weight_map |= {str(name): shard for name in names}
    size = sum(tensor.nbytes for tensor in weights.values())
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})


def write_modules(folder, case):
    """The sentence-transformers part of the folder."""
    kinds = ["Transformer", "Pooling"] + ["Normalize"] * case.normalize
    paths = ["", "1_Pooling", "2_Normalize"]
    write_json(folder / "modules.json", [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(kinds, paths))])
    write_json(folder / "1_Pooling" / "config.json", case.pooling)
    if case.sentence_config:
        write_json(folder / "sentence_bert_config.json", case.sentence_config)
    if case.prompts:
        prompts = {"prompts": case.prompts, "default_prompt_name": case.default_prompt}
        write_json(folder / "config_sentence_transformers.json", prompts)


def with_modules(model, hidden, seed, dropout=0.3):
    """The model with one of each further module, two of some, all with random weights."""
    torch.manual_seed(seed)
    modules = [
        Dense(2 * hidden, 16), LayerNorm(16), Normalize(),
        Dense(16, 16, bias=False, activation_function=torch.nn.GELU(), use_residual=True),
        Dense(16, 10, activation_function=torch.nn.Identity(), use_residual=True), Dropout(dropout), Normalize(),
    ]
    for tensor in torch.nn.ModuleList(modules).parameters():
        tensor.data += 0.3 * torch.randn(tensor.shape)
    return SentenceTransformer(modules=list(model) + modules, device="cpu")


def write_folder(folder, case, seed):
    is_roberta = case.model_type in ("mpnet", "xlm-roberta")
    pieces = vocabulary(case.cased, SPECIAL_TOKENS_OF_ROBERTA if is_roberta else SPECIAL_TOKENS)
    config = configuration(
        case.model_type, vocab_size=len(pieces), hidden_size=case.hidden, num_hidden_layers=case.layers,
        num_attention_heads=case.heads, intermediate_size=case.intermediate, hidden_act=case.activation,
        max_position_embeddings=case.positions, type_vocab_size=case.types, layer_norm_eps=case.epsilon,
        **({"embedding_size": case.embedding} if case.embedding else {}))
    weights = stored_weights(case, config, seed)
    write_model(folder, config, weights, pieces, lowercase=not case.cased)
    if case.shards > 1:
        split_into_shards(folder, weights, case.shards)
    if case.pooling:
        write_modules(folder, case)
    if case.saved_by_reference or case.modules:
        with tempfile.TemporaryDirectory() as saved:
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
            model = with_modules(model, case.hidden, seed) if case.modules else model
            model.save(saved, create_model_card=False)
            shutil.rmtree(folder)
            shutil.copytree(saved, folder)


def pooled(states, modes):
    """sentence-transformers' pooling of the last hidden states of each text: [texts, modes x hidden]."""
    module = Pooling(states[0].shape[-1], pooling_mode=modes)
    vectors = []
    for state in states:
        tokens = torch.from_numpy(state[-1:])
        features = {"token_embeddings": tokens, "attention_mask": torch.ones(tokens.shape[:2], dtype=torch.int64)}
        vectors.append(module(features)["sentence_embedding"])
    return torch.cat(vectors)


def normalized(vectors):
    return Normalize()({"sentence_embedding": vectors})["sentence_embedding"]


def pooling_goldens(states):
    """Vectors by tensor name: the modes, then the steps applied to the vectors, in order."""
    goldens = {}
    for modes in [(mode,) for mode in POOLINGS] + CONCATENATIONS:
        vectors = pooled(states, modes)
        name = "pooled." + "+".join(POOLINGS[mode] for mode in modes)
        goldens[name] = vectors
        goldens[f"{name}/normalize"] = normalized(vectors)
        cut = truncate_embeddings(vectors, CUT)
        goldens[f"{name}/cut-{CUT}"] = cut
        goldens[f"{name}/cut-{CUT}/normalize"] = normalized(cut)
        goldens[f"{name}/normalize/cut-{CUT}"] = truncate_embeddings(normalized(vectors), CUT)
    return {name: vectors.numpy() for name, vectors in goldens.items()}


def embedding_goldens(folder, case, states):
    """The vectors of TEXTS as the folder itself asks for them, with each of its prompts."""
    if not case.pooling:  # sentence-transformers would take the mean; a bare BERT's sentence vector is [CLS]
        return {"embedding": pooled(states[:len(case.texts)], "cls").numpy()}
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).double()

    def encode(**prompt):
        return np.concatenate([model.encode([text], convert_to_tensor=True, **prompt).numpy() for text in case.texts])
    goldens = {f"embedding.{name}": encode(prompt_name=name) for name in case.prompts} | {"embedding": encode()}
    if case.modules:  # the first Dense alone, with each function
        model = SentenceTransformer(modules=list(model)[:3], device="cpu")
        for name in ACTIVATIONS:
            model[2].activation_function = getattr(torch.nn, name)()
            goldens[f"activation.{name}"] = encode()
    return goldens


def write_case(folder, case, seed):
    if folder.exists():
        shutil.rmtree(folder)
    torch.manual_seed(seed)  # transformers makes and saves a random pooler for models without one
    model_folder = folder / "model"
    write_folder(model_folder, case, seed)
    tokenizer = AutoTokenizer.from_pretrained(model_folder, local_files_only=True)
    # Where there are no token types, those of a pair are left out.
    pairs = PAIRS if case.types > 1 else []
    length = case.positions - first_position(AutoConfig.from_pretrained(model_folder))
    encodings = [tokenizer(*text, truncation="longest_first", max_length=length)
                 for text in [(text,) for text in case.texts] + pairs]
    double, single = load(model_folder, torch.float64), load(model_folder, torch.float32)
    states = [hidden_states(double, encoding) for encoding in encodings]
    errors = [largest_errors(hidden_states(single, e), state) for e, state in zip(encodings, states)]
    goldens = {f"hidden.{i}": state for i, state in enumerate(states)} | {"float32_errors": np.stack(errors)}
    if not case.modules:  # whose sizes go with one pooling only
        goldens |= pooling_goldens(states)
    goldens |= embedding_goldens(model_folder, case, states)
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in goldens.items()}, folder / "expected.safetensors")
    write_json(folder / "texts.json", [
        {"text": text, "pair": pair, "ids": encoding["input_ids"], "type_ids": encoding["token_type_ids"]}
        for (text, pair), encoding in zip([(text, None) for text in case.texts] + pairs, encodings)])
    print(f"{case.name}: {len(encodings)} texts, PyTorch's float32 is off by {np.max(errors):.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    parser.add_argument("cases", nargs="*", help="the names of cases; all without any")
    arguments = parser.parse_args()
    for seed, case in enumerate(CASES):
        if not arguments.cases or case.name in arguments.cases:
            write_case(arguments.output / case.name, case, seed)


if __name__ == "__main__":
    main()
