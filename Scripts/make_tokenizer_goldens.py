#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the tokenizer, Tests/SwiftletTokenizersTests/Fixtures/; the README there is the format.

usage: make_tokenizer_goldens.py [--output FIXTURES]

All ids, tokens, offsets and decoded texts are those of Hugging Face's tokenizers.
"""
import argparse
import json
import pathlib
import string

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

REFERENCE = "0.23.3"
ROOT = pathlib.Path(__file__).resolve().parent.parent
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "", " ", "Hello, world!", "  The quick brown fox jumps over the lazy dog.\t\n",
    "unaffable embeddings, tokenization & preprocessing", "don't can't we're I'm it's they've 'quoted' do not",
    "$9.99 + 7 < 20 = a^b `c` ~d | e\\f #tag @user", "www.example.org/path?x=1&y=2", "e-mail\u2014co\u2011operate\u2026",
    "Café ÉCOLE naïve Ångström ŒUVRE ﬁ", "e\u0301 a\u0327\u0301 a\u0301\u0327 q\u0307\u0323 \u0301alone",
    "İstanbul ısı I i\u0307", "Straße STRASSE ẞ", "ὈΔΥΣΣΕΎΣ Σίσυφος ΣΑΣ", "Привет, МИР! Ёлка й",
    "שלום עולם, שָׁלוֹם", "مرحبا، بالعالم! مَرْحَبًا", "नमस्ते दुनिया क्षि ড়", "สวัสดีชาวโลก ที่นี่", "한국어 각 " + "한" * 34,
    "中文字符 漢字 𠀀 豈 \U0002f800 \U0002b820", "ひらがな カタカナ ガギグ パ ｶﾞ ー", "Ａｂｃ １２３ ＋ ，", "½ ² Ⅷ ① ㎏ ™ © € £ °",
    "👩‍👩‍👧‍👦 👍🏽 🇨🇭 ❤️ 🤖 ok", "zero\u200bwidth soft\u00adhyphen \ufeffbom a\u200db \u202eright",
    "nul\0l repl\ufffdaced priv\ue000ate \U000f0000", "tab\tnew\nline\rcr\x0bvt\x0cff\x85nel\x1cfs\x7fdel",
    "nbsp\u00a0here\u3000there\u2028line\u2029par\u2003em", "unassigned \u0378 \uffff \U0010ffff \u08e2 \u180e",
    "\u302e\u0301\u302a tone a\u0345\u302f\u0327b \U0001d165\U0001d16d", "\u0344 \u0f73\u0f71 \u1e14\u0323 \u226e \u037e \u1fef",
    "x" * 100, "x" * 101, "word " + "y" * 250 + " end", "e\u0301" * 101, "[CLS] in [SEP] text [MASK]. a[SEP]b [sep] [UNK]",
    "[ SEP ] [[SEP]] [SEP", "ENT [ENT] x[ENT]  y \u3000[ENT] foo barfoo bar", "many " * 40, "bar, É x  é X BAR foobar bar's _bar ÉX", "¿Qué? ¡Sí! «oui» „ja“ ‹no›",
    "a.b.c...d!!e??f;;g::h", "Ｔｈｅ ﷺ ﬃ Ǆ ŉ", "\U0001f600\u0301 \u0e33\u0eb3 \u09cb \u0ddd \u1112\u1161\u11ab",
]
PAIRS = [
    ("", ""), ("", "only the second"), ("How old are you?", "I'm 6 years old."), ("a b c d e f g h i j", "k l"),
    ("a b", "c d e f g h i j k l"), ("a b c d e f g h", "i j k l m n o p q"), ("Café [SEP] 中", "x" * 101 + " ÉCOLE"),
]
LENGTHS = [2, 3, 4, 5, 8, 9, 16]
# An added token in the white space that the token before it has taken.
OVERLAPS = ["foo\u2003", "foo \u2003 \u2003 x", " foo\u2009", "foo\u2009x", "foo\u2003\u2009x", "É x\t\tx", "É x \t\t\t\t x É x"]


def bert(vocabulary, post_processor=processors.BertProcessing, prefix="##", longest_word=100, **normalization):
    tokenizer = Tokenizer(models.WordPiece(
        vocabulary, unk_token="[UNK]", continuing_subword_prefix=prefix, max_input_chars_per_word=longest_word))
    tokenizer.normalizer = normalizers.BertNormalizer(**normalization)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [(name, vocabulary[name]) for name in ("[SEP]", "[CLS]")]
    if post_processor is processors.BertProcessing:
        tokenizer.post_processor = processors.BertProcessing(*special)
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special)
    tokenizer.decoder = decoders.WordPiece(prefix=prefix)
    tokenizer.add_special_tokens(SPECIAL_TOKENS)
    return tokenizer


def small_vocabulary(prefix):
    """Single characters and a few longer tokens: most words become many tokens, so that all normalization shows."""
    characters = list(string.ascii_letters + string.digits + string.punctuation)
    characters += sorted({c for text in TEXTS for c in text if ord(c) > 0x7F and c.isprintable() and not c.isspace()})
    characters += list("\u0301\u0307\u0323\u0327\u302a\u302e\u302f\u0345ςσßы")
    pieces = ["The", "Hello", "Caf", "the", "hello", "world", "fox"]
    continuations = ["e", "ing", "ization", "é"] + characters
    tokens = SPECIAL_TOKENS + characters + pieces + [prefix + piece for piece in continuations]
    return list(dict.fromkeys(tokens))


def ids(tokens):
    return {token: index for index, token in enumerate(tokens)}


def case(tokenizer, text, pair=None, max_length=None, special=True, raw=False):
    tokenizer.no_truncation()
    if max_length is not None:
        tokenizer.enable_truncation(max_length)
    tokenizer.encode_special_tokens = raw
    encoding = tokenizer.encode(text, pair, add_special_tokens=special)
    golden = {"text": text}
    golden |= {} if pair is None else {"pair": pair}
    golden |= {} if max_length is None else {"max_length": max_length}
    golden |= {} if special else {"add_special_tokens": False}
    golden |= {"encode_special_tokens": True} if raw else {}
    golden |= {"ids": encoding.ids, "offsets": [n for offset in encoding.offsets for n in offset]}
    golden |= {} if pair is None and not any(encoding.type_ids) else {"type_ids": encoding.type_ids}
    if max_length is None:
        golden |= {
            "tokens": encoding.tokens, "decoded": tokenizer.decode(encoding.ids),
            "decoded_with_special": tokenizer.decode(encoding.ids, skip_special_tokens=False)}
    else:
        golden["truncated"] = len(encoding.overflowing) > 0
        if special and not raw:
            tokenizer.enable_truncation(max_length, direction="left")
            golden["ids_cut_at_start"] = tokenizer.encode(text, pair).ids
    return golden


def cases(tokenizer, more):
    yield from (case(tokenizer, text) for text in TEXTS + more)
    special = [text for text in TEXTS if "[" in text]
    yield from (case(tokenizer, text, special=False) for text in TEXTS[2:5])
    yield from (case(tokenizer, text, raw=True) for text in special)
    for length in LENGTHS:
        yield from (case(tokenizer, text, max_length=length) for text in TEXTS[2:5] + special)
    for length in [None, *LENGTHS[1:]]:
        yield from (case(tokenizer, *pair, max_length=length) for pair in PAIRS)


def write_lines(path, tokens):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(token + "\n" for token in tokens), encoding="utf-8")


def write_goldens(path, tokenizer, more=()):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(golden, ensure_ascii=True, separators=(",", ":")) for golden in cases(tokenizer, list(more)))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="ascii")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "Tests" / "SwiftletTokenizersTests" / "Fixtures")
    output = parser.parse_args().output
    if tokenizers.__version__ != REFERENCE:
        raise SystemExit(f"needs tokenizers=={REFERENCE}, found {tokenizers.__version__}")

    lines = (ROOT / "vocab" / "bert-base-uncased.txt").read_text(encoding="utf-8").splitlines()
    write_goldens(output / "uncased" / "goldens.json", bert(ids(lines)))

    small = small_vocabulary("##")
    write_lines(output / "cased" / "vocab.txt", small)
    (output / "cased" / "tokenizer_config.json").write_text('{"do_lower_case": false, "model_max_length": 64}\n')
    write_goldens(output / "cased" / "goldens.json", bert(ids(small), lowercase=False))

    # Everything a tokenizer.json can say otherwise.
    odd = bert(
        ids(small_vocabulary("@@")), processors.TemplateProcessing, prefix="@@", longest_word=12, clean_text=False,
        handle_chinese_chars=False, strip_accents=False, lowercase=True)
    odd.add_special_tokens([
        AddedToken("[MASK]", lstrip=True), AddedToken("[ENT]", lstrip=True, rstrip=True), AddedToken("[ENT] x")])
    odd.add_tokens([
        AddedToken("foo", normalized=False, rstrip=True), AddedToken("Bar", single_word=True),
        AddedToken("É x", lstrip=True, rstrip=True), AddedToken("\u2003", normalized=False),
        AddedToken("\u2009", lstrip=True, normalized=False), AddedToken("\t\t")])
    odd.enable_truncation(48)
    (output / "odd").mkdir(parents=True, exist_ok=True)
    odd.save(str(output / "odd" / "tokenizer.json"), pretty=False)
    # The class that takes all of tokenizer.json.
    (output / "odd" / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}\n')
    write_goldens(output / "odd" / "goldens.json", odd, OVERLAPS)


if __name__ == "__main__":
    main()
