#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that `tokenize --max-length 256` takes one line of 10 MB in less than 64 MB of memory and less than a second.

usage: check_long_lines.py [--unigram] [PROGRAM]

PROGRAM is `tokenize` of Examples/, built in release, if not given. The model is the bundled one; with --unigram, the Unigram
tokenizers of the goldens. Lines are text, one endless word and endless runs of combining marks, each once as it is and once
with a byte at its end that is not UTF-8, which must be an error that names line and byte. Exits with 1 if a bound is passed
or an answer is wrong. Linux, where memory is counted in kilobytes.
"""
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE = 10_000_000
MOST_BYTES = 64 << 20
MOST_SECONDS = 1
LINES = {
    "text": "A sentence of some words, again. ", "a word": "a", "marks that are dropped": "\u0301",
    "marks that stay": "\u302e", "marks out of order": "\u302e\u0323\u0301", "special tokens": "[SEP]",
    "ideographs": "中", "spaces": " ",
}
UNIGRAM_LINES = {
    "text": "Alle Menschen sind frei und gleich. ", "a word": "a", "a word of all letters": "thequickbrownfoxjumps",
    "marks": "\u0301", "ideographs": "人人生而自由", "spaces": " ", "wide spaces": "\u3000 ", "words that start": "▁",
    "what is removed": "\x01", "what gets longer": "\ufdfa", "unknown": "🤖", "special tokens": "<mask>", "clusters": "©\u200d",
}


UNIGRAM_FIXTURES = ROOT / "Tests" / "SwiftletTokenizersTests" / "Fixtures" / "unigram"
UNIGRAM_MODELS = ["multilingual", "spaces", "plain"]


def write_folder(folder, name):
    """As make_unigram_goldens.write_folder, without what that imports: this process must stay small."""
    characters = (UNIGRAM_FIXTURES / "nmt_nfkc.base64").read_text().strip()
    text = (UNIGRAM_FIXTURES / name / "tokenizer.json").read_text(encoding="utf-8")
    folder.mkdir()
    (folder / "tokenizer.json").write_text(
        text.replace('"precompiled_charsmap":""', f'"precompiled_charsmap":"{characters}"'), encoding="utf-8")


def run(program, model, path, output):
    """Exit code, seconds, and the most bytes of memory of the process."""
    files = [(os.POSIX_SPAWN_OPEN, number, output + suffix, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
             for number, suffix in ((1, ""), (2, ".errors"))]
    arguments = [program, "--model", model, "--max-length", "256", "--input", path]
    start = time.monotonic()
    process = os.posix_spawn(program, arguments, os.environ, file_actions=files)
    _, status, usage = os.wait4(process, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - start, usage.ru_maxrss << 10


def main():
    unigram = "--unigram" in sys.argv
    programs = [argument for argument in sys.argv[1:] if argument != "--unigram"]
    program = programs[0] if programs else ROOT / "Examples" / ".build" / "release" / "tokenize"
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        path, output = os.path.join(folder, "line.txt"), os.path.join(folder, "output")
        cases = [(ROOT / "weights" / "all-MiniLM-L6-v2", name, text) for name, text in LINES.items()]
        if unigram:
            cases = []
            for name in UNIGRAM_MODELS:
                write_folder(pathlib.Path(folder) / name, name)
                cases += [(pathlib.Path(folder) / name, f"{name}, {line}", text) for line, text in UNIGRAM_LINES.items()]
        for model, name, text in cases:
            for ending, kind in ((b"\n", ""), (b"\xff\n", ", invalid at the end")):
                part = text.encode()
                with open(path, "wb") as file:  # in parts: this process must stay small, the next one starts as its copy
                    file.write(b"first\n")
                    for _ in range(SIZE // len(part) // 1000):
                        file.write(part * 1000)
                    bad_byte = file.tell() - len(b"first\n") + 1
                    file.write(ending)
                code, seconds, memory = run(program, model, path, output)
                errors = pathlib.Path(output + ".errors").read_text()
                if ending == b"\n":
                    counts = [len(line.split()) for line in pathlib.Path(output).read_text().splitlines()]
                    right = code == 0 and len(counts) == 2 and counts[1] <= 256
                else:
                    right = code == 1 and f"line 2: byte {bad_byte} (0xFF) is not UTF-8" in errors
                good = right and seconds < MOST_SECONDS and memory < MOST_BYTES
                failures += not good
                print(f"{'ok  ' if good else 'FAIL'} {name}{kind}: "
                      f"{seconds:.2f} s, {memory / 2**20:.0f} MB" + ("" if right else f"; exit code {code}: {errors.strip()}"))
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
