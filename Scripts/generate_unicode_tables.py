#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Sources/SwiftletTokenizers/Normalizing/UnicodeData.swift: what Hugging Face's fast BERT tokenizer does with each scalar.

The reference freezes several versions of Unicode (categories 8, NFD 9, lowercase of its Rust toolchain). So nothing
here is looked up in a Unicode database: every property is observed on the reference's own components, over all
1,112,064 scalars, and the assumptions behind the compact form (Hangul by arithmetic, one rank for the canonical
combining class) are checked the same way.

    python Scripts/generate_unicode_tables.py Sources/SwiftletTokenizers/Normalizing/UnicodeData.swift      # needs tokenizers==0.23.3
"""

import functools
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

REFERENCE = "0.23.3"

SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# Bits of a class; the Swift side (UnicodeTables.Properties) has the same numbers.
REMOVED, WHITESPACE, PUNCTUATION, IDEOGRAPH, NONSPACING, WORD = 1, 2, 4, 8, 16, 32
RANK_SHIFT = 6


def bert_step(**step):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(flags | step)).normalize_str


clean = bert_step(clean_text=True)
space_ideographs = bert_step(handle_chinese_chars=True)
strip_accents = bert_step(strip_accents=True)
nfd = normalizers.NFD().normalize_str
lowercase = normalizers.Lowercase().normalize_str
split_words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def is_hangul_syllable(c):
    return 0xAC00 <= ord(c) < 0xAC00 + 11172


def hangul_decomposition(c):
    index = ord(c) - 0xAC00
    jamo = [0x1100 + index // 588, 0x1161 + index % 588 // 28, 0x11A7 + index % 28]
    return "".join(map(chr, jamo[: 2 if index % 28 == 0 else 3]))


def observe_decompositions():
    decompositions = {}
    for c in SCALARS:
        mapped = nfd(c)
        if is_hangul_syllable(c):
            assert mapped == hangul_decomposition(c), hex(ord(c))
        elif mapped != c:
            assert 1 <= len(mapped) <= 4 and all(nfd(m) == m for m in mapped), hex(ord(c))
            decompositions[c] = mapped
    return decompositions


def observe_combining_ranks(decompositions):
    """Ranks 1, 2, … in the order NFD sorts combining marks; a scalar that is not there never moves (class 0)."""
    lowest, highest = "\u0334", "\u0345"  # classes 1 and 240: any other non-starter swaps with one of them

    def swaps(first, second):
        return nfd(first + second) == second + first

    assert swaps(highest, lowest)
    marks = [
        c for c in SCALARS
        if c not in decompositions and c not in (lowest, highest) and not is_hangul_syllable(c)
        and (swaps(highest, c) or swaps(c, lowest))
    ] + [lowest, highest]
    compare = lambda a, b: 1 if swaps(a, b) else -1 if swaps(b, a) else 0
    ranks, rank, previous = {}, 0, None
    for mark in sorted(marks, key=functools.cmp_to_key(compare)):
        rank += previous is None or compare(previous, mark) != 0
        ranks[mark], previous = rank, mark
    assert rank < 64
    return ranks


def observe_word_characters():
    """The scalars beside which a token that stands for a whole word is not found."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "x": 1}, unk_token="[UNK]"))
    tokenizer.add_special_tokens([AddedToken("x", single_word=True)])
    found_after = [encoding.ids[-1] == 1 for encoding in tokenizer.encode_batch([c + "x" for c in SCALARS])]
    found_before = [encoding.ids[0] == 1 for encoding in tokenizer.encode_batch(["x" + c for c in SCALARS])]
    assert found_after == found_before
    return {c for c, found in zip(SCALARS, found_after) if not found}


def observe_classes(decompositions, ranks):
    classes = {}
    word_characters = observe_word_characters()
    for c in SCALARS:
        cleaned, spaced, stripped = clean(c), space_ideographs(c), strip_accents(c)
        words = [word for word, _ in split_words("a" + c + "a")]
        value = 0
        if cleaned == "":
            value |= REMOVED
        if words == ["a", "a"]:
            value |= WHITESPACE
        elif words == ["a", c, "a"]:
            value |= PUNCTUATION
        else:
            assert words == ["a" + c + "a"], hex(ord(c))
        # Cleaning turns into a space what the pre-tokenizer splits at, unless it removes it as a control.
        expected = "" if value & REMOVED else " " if value & WHITESPACE else c
        assert cleaned == expected, hex(ord(c))
        if spaced != c:
            assert spaced == f" {c} ", hex(ord(c))
            value |= IDEOGRAPH
        if c not in decompositions and not is_hangul_syllable(c):
            assert stripped in ("", c), hex(ord(c))
            value |= NONSPACING if stripped == "" else 0
        value |= WORD if c in word_characters else 0
        classes[c] = value | ranks.get(c, 0) << RANK_SHIFT
    for c, mapped in decompositions.items():
        kept = "".join(m for m in mapped if not classes[m] & NONSPACING)
        assert strip_accents(c) == kept, hex(ord(c))
    return classes


def observe_lowercase():
    mappings = {c: lowercase(c) for c in SCALARS if lowercase(c) != c}
    assert all(1 <= len(mapped) <= 2 for mapped in mappings.values())
    return mappings


def digits(number):
    """A number >= 0 as base-32 digits, lowest first, in the 64 characters from "0"; the sixth bit says more follow."""
    text = ""
    while True:
        number, low = divmod(number, 32)
        text += chr(0x30 + low + (32 if number else 0))
        if not number:
            return text


def signed_digits(number):
    return digits(number * 2 if number >= 0 else -number * 2 - 1)


def encode_classes(classes):
    """Runs of one class other than 0: gap to the run before, length, class."""
    text, run_end, c = "", 0, 0
    while c < 0x110000:
        value, start = classes.get(chr(c), 0), c
        while c < 0x110000 and classes.get(chr(c), 0) == value:
            c += 1
        if value:
            text += digits(start - run_end) + digits(c - start) + digits(value)
            run_end = c
    return text


def encode_mappings(mappings):
    """For each scalar: distance to the one before, how many it maps to, each as a difference to the one before it."""
    text, previous_key = "", 0
    for key in sorted(mappings):
        mapped = mappings[key]
        text += digits(ord(key) - previous_key) + digits(len(mapped))
        previous = ord(key)
        for scalar in map(ord, mapped):
            text += signed_digits(scalar - previous)
            previous = scalar
        previous_key = ord(key)
    return text


def swift_literal(name, comment, text):
    lines = [text[i : i + 100] for i in range(0, len(text), 100)]
    body = "\n".join("    " + line for line in lines)
    return f'  /// {comment}\n  static let {name}: String = #"""\n{body}\n    """#\n'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if tokenizers.__version__ != REFERENCE:
        sys.exit(f"needs tokenizers=={REFERENCE}, found {tokenizers.__version__}")
    decompositions = observe_decompositions()
    classes = observe_classes(decompositions, observe_combining_ranks(decompositions))
    parts = [
        swift_literal("classes", "Runs of scalars of one class: gap, length, class.", encode_classes(classes)),
        swift_literal("decompositions", "NFD but for Hangul: distance, count, differences.",
                      encode_mappings(decompositions)),
        swift_literal("lowercase", "Lowercase of one scalar: distance, count, differences.",
                      encode_mappings(observe_lowercase())),
    ]
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write(
            "// SPDX-License-Identifier: Apache-2.0\n"
            f"// generated by Scripts/generate_unicode_tables.py from tokenizers {REFERENCE}: do not edit\n"
            "// swift-format-ignore-file\n\n"
            "/// What the reference does with each Unicode scalar, as observed; `UnicodeTables` reads it.\n"
            "enum UnicodeData {\n" + "\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
