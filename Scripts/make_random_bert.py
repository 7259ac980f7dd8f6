#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a BERT folder with random weights, by default as large as bert-base-uncased, for compare.py and for measurements.

usage: make_random_bert.py FOLDER [--layers 12] [--hidden 768] [--heads 12] [--intermediate 3072] [--seed 0]

It is a bare checkpoint (no modules.json), about 440 MB at the default sizes; do not commit it.
"""
import argparse
import pathlib

from transformers import BertConfig

from bert_reference import REPOSITORY, random_weights, write_model

VOCABULARY = REPOSITORY / "vocab" / "bert-base-uncased.txt"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    for option, default in ("layers", 12), ("hidden", 768), ("heads", 12), ("intermediate", 3072), ("seed", 0):
        parser.add_argument(f"--{option}", type=int, default=default)
    arguments = parser.parse_args()
    pieces = VOCABULARY.read_text(encoding="utf-8").splitlines()
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=arguments.hidden, num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.heads, intermediate_size=arguments.intermediate,
        position_embedding_type="absolute")  # the default, which CTranslate2 wants said
    write_model(arguments.folder, config, random_weights(config, arguments.seed), pieces, lowercase=True)


if __name__ == "__main__":
    main()
