#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Tests/SwiftletTokenizersTests/Fixtures/scalars/: digests of what Hugging Face's tokenizers make of every Unicode scalar.

usage: make_scalar_digests.py [--output FOLDER]
       make_scalar_digests.py --compare U+00C0 ...

--compare names the scalars, in the blocks that start there, that `tokenize` (Examples/, built in release) encodes
differently, and exits with 1 if there are any.

Each scalar stands in the four CONTEXTS, under a cased and an uncased tokenizer whose vocabulary has every scalar as a word
and as a continuation: so ids show each scalar that the normalizer leaves. cased.bin and uncased.bin hold for each block of
64 scalars (surrogates left out), for each context, a 32-bit digest in little-endian order: the 64-bit FNV-1a hash, taken
word by word, of count, ids, and starts and ends of the offsets of the 64 encodings, its two halves xor-ed.
"""
import argparse
import array
import json
import pathlib
import sys
import tempfile

import tokenizers

import compare_tokenizer

REFERENCE = "0.23.3"
ROOT = compare_tokenizer.ROOT
CONTEXTS = {"alone": "{}", "inside a word": "a{}b", "beside a combining mark": "e{}\u0301", "beside CJK": "中{}文"}
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CASINGS = {"cased": False, "uncased": True}
BLOCKS = [start for start in range(0, 0x110000, 64) if not 0xD800 <= start < 0xE000]
# White space and ASCII's and Latin-1's controls: a line of vocab.txt must not end with white space.
NO_TOKENS = {
    *range(0x21), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def write_model(folder, lowercase):
    """A tokenizer's folder whose vocabulary has every scalar; ScalarTests writes the same one."""
    scalars = [chr(s) for start in BLOCKS for s in range(start, start + 64) if s not in NO_TOKENS]
    lines = SPECIAL_TOKENS + scalars + ["##" + scalar for scalar in scalars]
    (folder / "vocab.txt").write_bytes("".join(line + "\n" for line in lines).encode())
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lowercase}))


def texts(block, context):
    return [context.format(chr(scalar)) for scalar in range(block, block + 64)]


def digest(encodings):
    value = 0xCBF29CE484222325
    for encoding in encodings:
        words = [len(encoding.ids), *encoding.ids, *(end for offset in encoding.offsets for end in offset)]
        for word in words:
            value = (value ^ word) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return (value ^ value >> 32) & 0xFFFFFFFF


def digests(tokenizer, blocks_at_once=256):
    """The digests of all contexts of all blocks."""
    for first in range(0, len(BLOCKS), blocks_at_once):
        parts = [texts(block, context) for block in BLOCKS[first:first + blocks_at_once] for context in CONTEXTS.values()]
        encodings = iter(tokenizer.encode_batch([text for part in parts for text in part]))
        yield from (digest(next(encodings) for _ in part) for part in parts)


def compare(blocks, casing, folder, tokenizer):
    """Prints the differences; returns the number of texts that differ."""
    differing = 0
    for name, context in CONTEXTS.items():
        for text, key, ours, theirs in compare_tokenizer.differences(
                folder, tokenizer, [text for block in blocks for text in texts(block, context)]):
            scalar = ord(text[context.index("{}")])
            print(f"U+{scalar:04X} {name}, {casing}: {key}\n  ours  {ours}\n  their {theirs}")
            differing += 1
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "Tests/SwiftletTokenizersTests/Fixtures/scalars")
    parser.add_argument("--compare", nargs="+", metavar="BLOCK", type=lambda name: int(name.removeprefix("U+"), 16) & ~63)
    options = parser.parse_args()
    if not options.compare and tokenizers.__version__ != REFERENCE:
        sys.exit(f"digests are those of tokenizers {REFERENCE}, not {tokenizers.__version__}")

    differing = 0
    for casing, lowercase in CASINGS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_model(folder, lowercase)
            tokenizer = compare_tokenizer.reference(folder)
            if options.compare:
                differing += compare(options.compare, casing, folder, tokenizer)
                continue
            values = array.array("I", digests(tokenizer))
            if sys.byteorder == "big":
                values.byteswap()
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / f"{casing}.bin").write_bytes(values.tobytes())
            print(f"{casing}: {len(values)} digests")
    if options.compare:
        print(f"{len(options.compare)} blocks: {differing} differences")
        sys.exit(differing > 0)


if __name__ == "__main__":
    main()
