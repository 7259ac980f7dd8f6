#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seed inputs for the fuzzers, a file for each kind of input that a reader must refuse or accept.

usage: make_fuzz_seeds.py FOLDER

FOLDER gets a folder of inputs for each program of Fuzzing/Sources, and words.dict, the words of their files. The
programs describe the forms of their inputs.
"""
import json
import pathlib
import random
import struct
import sys

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/SwiftletEncodersTests/Fixtures"
SEPARATOR = b"\xff\n\xff"


def tensor(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def data_size(header):
    """Where the last tensor ends, as far as that makes sense."""
    tensors = [fields for name, fields in dict(header or {}).items() if name != "__metadata__"]
    ends = [fields["data_offsets"][-1] for fields in tensors if "data_offsets" in fields]
    return max([end for end in ends if end < 100], default=0)


def safetensors():
    """Headers without their length, after `h`; whole files after `r`."""
    def one(**fields):
        return {"a": {**tensor(), **fields}}

    headers = {
        "valid": {"__metadata__": {"format": "pt"}, "a": tensor(), "b": tensor("F16", (), (8, 10))},
        "empty": {}, "array": [], "null": None,
        "metadata": {"__metadata__": {"format": 1}}, "null-metadata": {"__metadata__": None},
        "dtype": one(dtype="F128"), "lowercase-dtype": one(dtype="f32"), "half-bytes": one(dtype="F4", shape=[3]),
        "unknown-field": one(more=[1, {"x": None}]), "missing-field": {"a": {"dtype": "F32"}},
        "negative": one(shape=[-1]), "fraction": one(shape=[1.0]), "text": one(shape=["2"]),
        "huge": one(shape=[2**64]),
        "wrapping": one(shape=[2**32, 2**32]), "zero": one(shape=[0, 5], data_offsets=[0, 0]),
        "deep-shape": one(shape=[1] * 300), "reversed": one(data_offsets=[8, 0]), "gap": one(data_offsets=[4, 12]),
        "one-offset": one(data_offsets=[0]), "overlap": {"a": tensor(), "b": tensor()},
        "end": one(shape=[1 << 60], data_offsets=[0, 1 << 62]),
    }
    seeds = {
        name: b"h" + json.dumps(header).encode() + b"\0" + bytes(data_size(header)) for name, header in headers.items()
    }
    text = json.dumps({"a": tensor()})[1:-1].encode()
    broken = {
        "duplicate": b"{" + text + b"," + text + b"}", "spaces": b" {" + text + b"}  ",
        "trailing": b"{" + text + b"}x",
        "cut": b"{" + text, "surrogate": b'{"\\ud800":{}}', "not-utf8": b'{"\xc3":{}}', "deep": b'{"a":' + b"[" * 100,
        "exponent": b"{" + text.replace(b"[2]", b"[2e0]") + b"}", "canonical": '{"é":{},"e\u0301":{}}'.encode(),
    }
    seeds |= {name: b"h" + header + b"\0" + bytes(8) for name, header in broken.items()}
    raw = {
        "short": bytes(7), "zero-length": bytes(8), "too-long": b"\xff" + bytes(7),
        "over-limit": b"\1\xe1\xf5\5" + bytes(4),
        "top-bit": bytes(7) + b"\x80", "lfs": b"version https://git-lfs.github.com/spec/v1\n",
        "zip": b"PK\3\4" + bytes(9),
        "pickle": b"\x80\2" + bytes(9), "gguf": b"GGUF" + bytes(9), "html": b"<!DOCTYPE html><html></html>",
    }
    seeds |= {name: b"r" + content for name, content in raw.items()}

    def shards(index, *files):
        return b"h" + SEPARATOR + SEPARATOR.join([json.dumps(index).encode(), *files])

    a, b = (json.dumps({name: tensor()}).encode() + b"\0" + bytes(8) for name in "ab")
    seeds |= {
        "shards": shards({"weight_map": {"a": "a", "b": "b"}}, a, b), "no-map": shards({}),
        "map-value": shards({"weight_map": {"a": 1}}),
        "outside": shards({"weight_map": {"a": "../a"}}, a), "missing-shard": shards({"weight_map": {"a": "c"}}),
        "wrong-shard": shards({"weight_map": {"a": "b", "b": "a"}}, a, b),
        "two-shards": shards({"weight_map": {"a": "a", "b": "b"}}, a, a),
    }
    return seeds


def json_texts():
    texts = [
        "null", "true", "[]", "{}", '""', "0", "-0", "1e3", "-1.50E+2", "01", ".5", "NaN", "1e999",
        "9223372036854775808", '{"a":{"b":[1,2,{"c":null}]},"d":"e"}', '{"a":1,"a":2}', '{"a":1,}', "[1,]", "[1 2]",
        '"\\u00e9\\ud83d\\ude00\\n\\/"',
        '"\\ud800"', '"\\x"', '"\t"', "[" * 65 + "]" * 65, "\ufeff{}", '{"é":1,"e\u0301":2}', " [1] x", "tru", '"open',
        "[1,\n\n2,?]",
    ]
    return {str(i): text.encode() for i, text in enumerate(texts)} | {"not-utf8": b'"\xed\xa0\x80"'}


def lines():
    return {
        "lf": b"one\ntwo\n", "crlf": b"one\r\ntwo\r\n", "bom": b"\xef\xbb\xbfone\n", "no-end": b"one\ntwo",
        "blank": b"\n\n\r\n",
        "empty": b"", "json": b'{"text":"a","label":1}\n{"text":"b","label":2}\n', "not-utf8": b"one\nt\xffo\nthree\n",
        "nul": b"a\0b\n", "return": b"a\rb\r\n\r", "separators": "a\u2028b\u0085c\n".encode(),
    }


def tables():
    return {
        "plain": b"text,label\na,b\n", "quoted": b'"a,b","c ""d"" e"\r\n', "lines": b'"a\nb\r\nc",d\n', "empty": b",\n\n\"\"",
        "inside": b'a"b,c\n', "after": b'"a"b,c\n', "open": b'a,"b\nc', "tabs": b"a\tb\n", "mark": b'\xef\xbb\xbf"a"\n',
        "combining": '"\u0301",a\n'.encode(), "return": b'"a\r\r\nb"\r\n',
        "triplets": b"anchor\tpositive\tnegative\tnegative_2\na\tb\tc\td\n", "bare-triplets": b"a,b,c\nd,e,f\n",
        "scores": b"sentence1,sentence2,score\na,b,0.5\nc,d,-1e2\n", "bare-scores": b"a,b,0.5\nc,d,5\n",
        "pairs": b"sentence1,sentence2,label\na,b,1\nc,d,0\n", "bare-pairs": b"a,b,1\nc,d,0\n",
        "objects": b'{"text":"a","label":1}\n\n{"label":"b","text":"c\\n"}\n',
        "bad-rows": b"text,label\na,b\nc\nd,\n", "bad-objects": b'{"text":"a","label":true}\n{"text":null}\n[]\n{\n',
    }


FOLDER_FILES = [
    "vocab.txt", "tokenizer_config.json", "config.json", "modules.json", "1_Pooling/config.json",
    "sentence_bert_config.json", "config_sentence_transformers.json", "tokenizer.json",
]


def folders():
    def content(fixture):
        """The files of a folder, all of the size of the small BERT whose weights the program uses."""
        files = [FIXTURES / fixture / "model" / name for name in FOLDER_FILES]
        return {name: file.read_bytes() if file.exists() else b"" for name, file in zip(FOLDER_FILES, files)}

    def seed(files, **changes):
        return SEPARATOR.join({**files, **changes}.values())

    small = content("gelu-mean-normalized")
    config = json.loads(small["config.json"])
    vocabulary = small["vocab.txt"]
    seeds = {folder.name: seed(content(folder.name)) for folder in FIXTURES.iterdir() if (folder / "model").exists()}
    for key, value in [
        ("vocab_size", 0), ("vocab_size", 1 << 40), ("hidden_size", 25), ("num_hidden_layers", -1),
        ("hidden_act", "selu"),
        ("model_type", "gpt2"), ("max_position_embeddings", 1e3), ("layer_norm_eps", 0), ("pad_token_id", 97),
    ]:
        seeds[f"{key}-{value}"] = seed(small, **{"config.json": json.dumps({**config, key: value}).encode()})
    for name, text in {
        "crlf": vocabulary.replace(b"\n", b"\r\n"), "bom": b"\xef\xbb\xbf" + vocabulary, "blank": vocabulary + b"\n\n",
        "duplicate": vocabulary + b"[SEP]\n", "no-unknown": vocabulary.replace(b"[UNK]", b"[unk]"),
        "not-utf8": vocabulary + b"\xff\n", "empty": b"",
    }.items():
        seeds[f"vocabulary-{name}"] = seed(small, **{"vocab.txt": text})
    saved = content("saved-by-reference")
    tokenizer = json.loads(saved["tokenizer.json"])
    for number, (part, key, value) in enumerate([
        ("model", "max_input_chars_per_word", 0), ("model", "max_input_chars_per_word", 1 << 40),
        ("model", "unk_token", "none"),
        ("model", "type", "BPE"), ("model", "vocab", {"[UNK]": 1 << 21}), ("normalizer", "clean_text", False),
        ("normalizer", "strip_accents", True), ("model", "continuing_subword_prefix", ""),
        ("decoder", "cleanup", False),
    ]):
        changed = {**tokenizer, part: {**tokenizer[part], key: value}}
        seeds[f"tokenizer-{number}-{key}"] = seed(saved, **{"tokenizer.json": json.dumps(changed).encode()})
    for key in "lstrip", "rstrip", "single_word", "normalized":
        added = [{**token, key: True} for token in tokenizer["added_tokens"]]
        changed = {**tokenizer, "added_tokens": added}
        seeds[f"added-{key}"] = seed(saved, **{"tokenizer.json": json.dumps(changed).encode()})
    pieces = [[name, -1] for name in ["<unk>", "<s>", "</s>", "<pad>", "▁", "a", "▁a", "<0xC3>"]]
    unigram = {
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAA="}, {"type": "Strip", "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1]},
        "decoder": {"type": "Metaspace", "replacement": "▁"},
        "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True, "vocab": pieces},
    }
    seeds["unigram"] = seed(saved, **{"tokenizer.json": json.dumps(unigram).encode()})
    seeds["bare"] = seed(small, **{"modules.json": b""})
    seeds["outside"] = seed(small, **{"modules.json": small["modules.json"].replace(b"1_Pooling", b"../../x")})
    return seeds


def tokenizer_texts():
    texts = [
        "", "  ", "Hello, World!", "a [SEP] b[MASK]c [sep]", "a\0b\ufffdc", "a\u00a0b\u3000c\u2028d", "a\x0bb\x85c",
        "a\u200bb\u200dc\u00adb\ufeff",
        "e\u0301 й が ำ", "한국어 각", "漢字 \U0002b820 \u4e00a", "שלום ، مرحبا", "👨‍👩‍👧 👍🏽 🇫🇷", "İstanbul ß ẞ ΣΑΣ", "Ａ，＋",
        "$+<=>^~ € ©",
        "▁a▁▁b  c ", "\x01\x02a <mask>\u3000b<s>", "ﷺ \r\n © \u200d❤ \u0958\u0301", "SEIN frei Q Q...", "\x85c", "unaffable embeddings", "x" * 101, "##ing", "\ue000\uffff\U00100000", "a\u0323\u0301\u0307 q\u0307\u0323",
    ]
    seeds = {}
    for i, text in enumerate(texts):
        for options in 0, 1, 2, 3, 8, 16, 17, 18, 19, 24:
            seeds[f"{i}-{options}"] = bytes([options, 16]) + text.encode()
    pair = "one two three".encode() + SEPARATOR + "four five".encode()
    return seeds | {"pair": b"\0\7" + pair, "not-utf8": b"\0\7a\xc3b \xed\xa0\x80"}


def choices():
    """Random bytes that choose a model and a batch, in sizes for short texts and for long ones."""
    generator = random.Random(0)
    return {f"{size}": generator.randbytes(size) for size in (0, 16, 64, 200, 500, 1000, 2000, 4000)}


def indexes():
    """Indexes of three rows of two elements, with and without codes, windows and metadata, each with a filter."""
    def array(kind, shape, numbers, letter):
        axes = f"{shape[0]}," if len(shape) == 1 else ", ".join(map(str, shape))
        words = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({axes}), }}".encode()
        return b"\x93NUMPY\1\0\x76\0" + words.ljust(117) + b"\n" + struct.pack(f"<{len(numbers)}{letter}", *numbers)

    def texts(*texts):
        ends = [sum(map(len, texts[:count])) for count in range(len(texts) + 1)]
        return b"".join(texts), array("<u8", [len(ends)], ends, "Q")

    def seed(filter, scan="int8", windows=None, fields=("k",), positions=(0, 1, 2)):
        segment = {"number": 0, "rows": 3, "live": sum(p < 1 << 63 for p in positions), "documents": 2,
                   "positions": 1, "positions_sha256": "",
                   "pending": False, "fields": list(fields), "files": {}}
        manifest = {"format": "swiftlet-index", "version": 1, "revision": 1, "generation": 1, "next_segment": 1, "dimension": 2,
                    "scan": scan, "windows": windows, "model": None, "segments": [segment]}
        block = bytes([1, 127, 127, 1, 200, 100]).ljust(32, b"\0") + struct.pack("<32f", *[0.01] * 16, *[0.02] * 16)
        return SEPARATOR.join([
            json.dumps(manifest).encode(), array("<u8", [3], positions, "Q"), array("<f4", [3, 2], [0, 1, 1, 0, -0.5, 0.5], "f"),
            block if scan == "int8" else b"", *texts(b"a", b"b", b"c"), *texts(b"one", b"", b"three"),
            array("<u4", [3], [1, 0, 2], "I") if fields else b"", *(texts(b'"x"', b"7") if fields else (b"", b"")),
            array("<u4", [3, 3], [0, 0, 3, 0, 1, 2, 2, 0, 5], "I") if windows else b"", filter])

    return {
        "plain": seed(b"k = 'x'"), "float32": seed(b"not k in (1, 7) or k != null", "float32"),
        "windows": seed(b"(k >= 7 and k < 8.5e0)", windows={"tokens": 9, "overlap": 2}),
        "deleted": seed(b"`k` <= true", positions=(5, (1 << 64) - 1, 0)), "bare": seed(b"q = 1", fields=()),
    }


def calls():
    """Calls of the C functions: choices, offsets, bytes."""
    def seed(choices, offsets, data, more=b""):
        return SEPARATOR.join([bytes(choices), struct.pack(f"<{len(offsets)}i", *offsets), data, more])

    good = (0, 3, 3, 12), b"onetwo words"
    seeds = {f"format-{format}": seed([0, format, 0, 100], *good) for format in range(4)}
    seeds |= {f"count-{choice}": seed([1, 0, 0, 100, 3, choice], *good) for choice in range(10)}
    seeds |= {f"size-{choice}": seed([0, 0, 0, 100, 0, choice, 7], *good) for choice in range(10)}
    return seeds | {
        "handle": seed([0, 0, 15, 32], *good), "open": seed([0, 0, 0, 0, 0, 0, 0, 7], (1, 2), b"float32"), "none": b"",
        "falls": seed([0, 0, 0, 100], (0, 5, 3), b"abcdef"), "negative": seed([0, 0, 0, 100], (-1, 5), b"abcdef"),
        "beyond": seed([0, 0, 0, 100], (0, 7), b"abcdef"), "not-utf8": seed([0, 0, 0, 100], (0, 1, 2), b"\xc3\xa9"),
        "small-text": seed([0, 5, 0, 3], *good), "long": seed([0, 0, 0, 9], (0, 3000), b"word " * 600),
    }


WORDS = """
    dtype shape data_offsets __metadata__ F32 F16 BF16 F64 I64 F8_E4M3 BOOL weight_map vocab_size hidden_size
    hidden_act gelu [CLS] [SEP] [UNK] [PAD] [MASK] ## special lstrip rstrip content added_tokens_decoder
    pooling_mode cls mean path type idx true false null pooling_mode_cls_token max_seq_length do_lower_case
    text label anchor positive negative negative_2 sentence1 sentence2 score
    format swiftlet-index generation dimension segments rows live documents positions fields and or not in != <= >=
    model_max_length prompts WordPiece vocab max_input_chars_per_word continuing_subword_prefix
    Unigram unk_id byte_fallback Precompiled precompiled_charsmap Metaspace replacement prepend_scheme <mask> <0xE2> ▁
""".split()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    targets = {
        "safetensors": safetensors(), "json": json_texts(), "lines": lines(), "tables": tables(), "folder": folders(),
        "tokenizer": tokenizer_texts(), "models": choices(), "gradients": choices(), "index": indexes(), "cface": calls(),
    }
    for target, seeds in targets.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / target / f"seed-{name}").write_bytes(content)
    separator = "".join(f"\\x{byte:02x}" for byte in SEPARATOR)
    words = "".join(f'"{word}"\n' for word in [*WORDS, separator, '\\"', "\\\\u00e9"])
    # libFuzzer reads ASCII alone.
    words = "".join(c if c.isascii() else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in words)
    (folder / "words.dict").write_text(words)


if __name__ == "__main__":
    main()
