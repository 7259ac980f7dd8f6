#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a BERT folder with random weights, by default as large as bert-base-uncased, for compare.py and for measurements.

usage: make_random_bert.py FOLDER [--layers 12] [--hidden 768] [--heads 12] [--intermediate 3072] [--seed 0]
                           [--type bert] [--cross-encoder]

TYPE is bert, distilbert, mpnet, electra or xlm-roberta, always with BERT's vocabulary. With --cross-encoder it has a head
that scores pairs.

It is a bare checkpoint (no modules.json), about 440 MB at the default sizes; do not commit it.
"""
import argparse
import json
import pathlib

from transformers import AutoModel, AutoModelForSequenceClassification

from bert_reference import ARCHITECTURES, REPOSITORY, configuration, random_weights, write_json, write_model

VOCABULARY = REPOSITORY / "vocab" / "bert-base-uncased.txt"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    for option, default in ("layers", 12), ("hidden", 768), ("heads", 12), ("intermediate", 3072), ("seed", 0):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--type", choices=list(ARCHITECTURES), default="bert")
    parser.add_argument("--cross-encoder", action="store_true")
    arguments = parser.parse_args()
    pieces = VOCABULARY.read_text(encoding="utf-8").splitlines()
    config = configuration(
        arguments.type, vocab_size=len(pieces), hidden_size=arguments.hidden, num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.heads, intermediate_size=arguments.intermediate)
    config.position_embedding_type = "absolute"  # the default, which CTranslate2 wants said
    kind = AutoModel
    if arguments.cross_encoder:
        kind, config.num_labels = AutoModelForSequenceClassification, 1
    write_model(arguments.folder, config, random_weights(config, arguments.seed, kind), pieces, lowercase=True)
    if arguments.cross_encoder:
        path = arguments.folder / "config.json"
        name = type(kind.from_config(config)).__name__
        write_json(path, json.loads(path.read_text()) | {"architectures": [name]})


if __name__ == "__main__":
    main()
