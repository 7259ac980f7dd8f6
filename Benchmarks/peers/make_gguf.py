#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a BERT's model folder as a GGUF file for llama.cpp: make_gguf.py MODEL F32|F16|Q8_0 FILE

Matrices of the layers get the type that is asked for; embeddings, biases and norms stay F32. Names and settings are those
that llama.cpp reads for its architecture "bert".
"""
import json
import pathlib
import sys

import gguf
from safetensors.numpy import load_file

EMBEDDINGS = {
    "word_embeddings": "token_embd", "position_embeddings": "position_embd", "token_type_embeddings": "token_types",
    "LayerNorm": "token_embd_norm"}
LAYER = {
    "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}


def gguf_name(name):
    """llama.cpp's name of a tensor; None for one that it does not read."""
    parts = name.removeprefix("bert.").split(".")
    kind = parts[-1]
    if parts[0] == "embeddings" and parts[1] in EMBEDDINGS:
        return f"{EMBEDDINGS[parts[1]]}.{kind}"
    if parts[0] == "encoder":
        return f"blk.{parts[2]}.{LAYER['.'.join(parts[3:-1])]}.{kind}"
    return None


def write(model, kind, path):
    config = json.loads((model / "config.json").read_text())
    kind = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)

    # llama.cpp marks the beginning of a word, BERT's vocabulary its continuation.
    words = (model / "vocab.txt").read_text(encoding="utf-8").splitlines()
    special = {"[UNK]": "unk", "[SEP]": "sep", "[PAD]": "pad", "[CLS]": "bos", "[MASK]": "mask"}
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_token_list([
        word if word in special else word[2:] if word.startswith("##") else "\u2581" + word for word in words])
    writer.add_token_types([
        gguf.TokenType.CONTROL if word in special else gguf.TokenType.NORMAL for word in words])
    for word, name in special.items():
        getattr(writer, f"add_{name}_token_id")(words.index(word))

    for name, tensor in load_file(model / "model.safetensors").items():
        if target := gguf_name(name):
            is_matrix = target.startswith("blk.") and tensor.ndim == 2
            type = kind if is_matrix else gguf.GGMLQuantizationType.F32
            writer.add_tensor(target, gguf.quants.quantize(tensor.astype("float32"), type), raw_dtype=type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    write(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
