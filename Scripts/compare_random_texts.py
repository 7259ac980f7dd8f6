#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `tokenize` of Examples/ with Hugging Face's tokenizers on random texts: ids, tokens, types and offsets.

usage: compare_random_texts.py [--count 1000000] [--seed 1]

Texts mix scripts, combining marks in any order, controls, special tokens, punctuation, long words and any scalar at all. A
third goes to each tokenizer: the bundled model's, and a cased and an uncased one whose vocabulary has every scalar. Some
are cut. Exits with 1 if anything differs; the seed makes the same texts again.
"""
import argparse
import pathlib
import random
import sys
import tempfile
import unicodedata

import compare_tokenizer
import make_scalar_digests

SCALARS = [chr(scalar) for block in make_scalar_digests.BLOCKS for scalar in range(block, block + 64)]
MARKS = [scalar for scalar in SCALARS if unicodedata.combining(scalar)]
DECOMPOSED = [s for s in SCALARS if unicodedata.decomposition(s) and not unicodedata.decomposition(s).startswith("<")]
WORDS = "the The tokenization EMBEDDINGS naïve Straße İstanbul ΣΑΣ Привет Ёлка שָׁלוֹם مرحبا नमस्ते สวัสดี 한국어 ガギグ".split()
# The parts that texts are drawn from, and their weights.
POOLS = [
    (list("abcABCxyz019"), 5), (list("     \t\u00a0\u3000\u2028\u2002\n\r\u0085"), 5), (WORDS, 4),
    (list(".,!?$+#[]_'\"¿،。—"), 2), (MARKS, 3), (list("\u0300\u0301\u0323\u0345\u302e\u302a\U0001d165\U0001d16d\u1df6"), 2),
    (DECOMPOSED, 3), (list("\u0344\u0f73\u0f75\u0f81\u1e14\u1fb7İıßẞΣς\u09cb\u0dde\ufb2c\u226e\u037e"), 2),
    (list("\0\1\x0b\x0c\x1c\x7f\u00ad\u200b\u200d\ufeff\ufffd\ue000\ufe0f"), 2), (list("中文漢字𠀀豈\U0002f800\U0002b820"), 2),
    ([chr(scalar) for scalar in range(0xAC00, 0xD7A4)], 1), (["👩‍👩‍👧", "👍🏽", "🇨🇭", "🤖"], 1),
    (["[SEP]", "[MASK]", "[CLS]", "[PAD]", "[UNK]", "[sep]", "[SEP", "##"], 1), (SCALARS, 2),
    (["a" * 99, "b" * 100, "c" * 101, "é" * 60, "한" * 34, "e\u0301\u0323" * 40], 1),
]


def texts(count, seed):
    choose = random.Random(seed)
    pools, weights = zip(*POOLS)
    for _ in range(count):
        drawn = choose.choices(pools, weights, k=choose.randint(0, 14))
        yield "".join(choose.choice(pool) for pool in drawn)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=50_000, help="texts a run of `tokenize`")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folders = [compare_tokenizer.ROOT / "weights" / "all-MiniLM-L6-v2"]
        for casing, lowercase in make_scalar_digests.CASINGS.items():
            folders.append(pathlib.Path(name) / casing)
            folders[-1].mkdir()
            make_scalar_digests.write_model(folders[-1], lowercase)
        tokenizers = [compare_tokenizer.reference(folder) for folder in folders]
        differing = 0
        for number, start in enumerate(range(0, options.count, options.batch)):
            batch = list(texts(min(options.batch, options.count - start), options.seed + number))
            which = number % len(folders)
            max_length = (None, 8)[number // len(folders) % 2]
            differing += compare_tokenizer.report(compare_tokenizer.differences(
                folders[which], tokenizers[which], batch, max_length=max_length))
    print(f"{options.count} texts: {differing} differ")
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
