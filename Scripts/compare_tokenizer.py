#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `tokenize` of Examples/ with Hugging Face's tokenizers: ids, tokens, types and offsets of every line of files.

usage: compare_tokenizer.py [--model FOLDER] [--max-length N] [--pairs] FILE...

FOLDER (the bundled model if not given) holds vocab.txt and maybe tokenizer_config.json, or tokenizer.json. A folder in
place of FILE stands for all files in it; files that are not UTF-8 are named and skipped. --pairs takes each line with
the one after it. Exits with 1 if anything differs.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from programs import PROGRAMS

ROOT = pathlib.Path(__file__).resolve().parent.parent


def reference(folder):
    if (folder / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        return tokenizer
    configuration = folder / "tokenizer_config.json"
    options = json.loads(configuration.read_text()) if configuration.exists() else {}
    vocabulary = models.WordPiece.read_file(str(folder / "vocab.txt"))
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=options.get("do_lower_case", True), strip_accents=options.get("strip_accents"),
        handle_chinese_chars=options.get("tokenize_chinese_chars", True))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        *((name, vocabulary[name]) for name in ("[SEP]", "[CLS]")))
    tokenizer.add_special_tokens(
        [name for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if name in vocabulary])
    return tokenizer


def texts(paths):
    """The lines of all files as our programs read them: LF or CRLF, no byte order mark."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if not file.is_file():
                continue
            try:
                content = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
            except UnicodeDecodeError:
                print(f"{file}: not UTF-8, passed over", file=sys.stderr)
                continue
            lines = content.split("\n")
            yield from (line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1]))


def tokenize(model, firsts, seconds, max_length):
    """What `tokenize` makes of the texts, which may hold line breaks: they go as JSON Lines."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [PROGRAMS / "tokenize", "--model", model, "--format", "jsonl", "--quiet", "--json-field", "text"]
        for option, lines in (("--input", firsts), ("--pair", seconds)):
            if lines is not None:
                path = pathlib.Path(folder) / option.strip("-")
                path.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
                arguments += [option, path]
        if max_length is not None:
            arguments += ["--max-length", str(max_length)]
        output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout
    return [json.loads(line) for line in output.split("\n")[:-1]]


def differences(model, tokenizer, firsts, seconds=None, max_length=None):
    """Yields each text that `tokenize` encodes differently, with the field that differs, ours and theirs."""
    tokenizer.no_truncation()
    if max_length is not None:
        tokenizer.enable_truncation(max_length)
    expected = tokenizer.encode_batch(firsts if seconds is None else list(zip(firsts, seconds)))
    found = tokenize(model, firsts, seconds, max_length)
    if len(found) != len(expected):
        sys.exit(f"{len(found)} results for {len(expected)} texts")
    for text, ours, theirs in zip(firsts, found, expected):
        wanted = {
            "ids": theirs.ids, "tokens": theirs.tokens, "offsets": [list(offset) for offset in theirs.offsets],
            "type_ids": theirs.type_ids}
        wrong = next((key for key, value in wanted.items() if ours[key] != value), None)
        if wrong:
            yield text, wrong, ours[wrong], wanted[wrong]


def report(differences, limit=10):
    """Prints the first differences; returns the number of all."""
    count = 0
    for count, (text, key, ours, theirs) in enumerate(differences, 1):
        if count <= limit:
            print(f"{text[:200]!r}: {key}\n  ours  {ours}\n  their {theirs}", file=sys.stderr)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "weights" / "all-MiniLM-L6-v2")
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()

    firsts = list(texts(options.files))
    seconds = firsts[1:] + firsts[:1] if options.pairs else None
    differing = report(differences(
        options.model, reference(options.model), firsts, seconds, options.max_length))
    print(f"{len(firsts)} texts: {differing} differ")
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
