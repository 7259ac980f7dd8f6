#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Swiftlet's verdict on mutated safetensors files with that of the Python package safetensors, the reference.

usage: compare_safetensors.py [COUNT [SEED]]

Makes COUNT (100,000) files from the fuzzer's seeds by cutting, inserting, repeating and exchanging bytes, words and
numbers of their headers. Prints how many both accept and refuse, and for each reason how many only Swiftlet refuses.
Exits 1 if the reference refuses a file that Swiftlet accepts, or if Swiftlet alone refuses one for a reason other than
those below.
Needs: swift build -c release --package-path Fuzzing --product safetensors-verdict
"""
import collections
import json
import pathlib
import random
import subprocess
import sys

import safetensors

import make_fuzz_seeds

PROGRAM = pathlib.Path(__file__).parent.parent / "Fuzzing/.build/release/safetensors-verdict"

# Where Swiftlet is stricter. The reference keeps the last of two tensors of one name, nests 128 deep and sets no limit to
# the number of tensors.
STRICTER = "duplicateKey", "tooDeep", "tooManyTensors"

WORDS = [word.encode() for word in [
    *make_fuzz_seeds.WORDS, '"', ",", ":", "{", "}", "[", "]", " ", "\n", "\\", "\\u00e9", "\\ud83d\\ude00", "é", "[]",
    "{}", '""',
    "0", "1", "-1", "-0", "1.0", "1e2", "01", "8", "16", "4294967296", "18446744073709551615", "9223372036854775808",
    '"dtype":"F16",', '"more":1,', '"more":"x",', '"more":[1,{"a":-0.5e+3}],', '"a":null,',
    '"__metadata__":{"a":"b"},',
]]


def mutate(header, generator):
    for _ in range(generator.choice((0, 1, 1, 1, 1, 2, 2, 4))):
        start = generator.randrange(len(header) + 1)
        end = min(len(header), start + generator.choice((0, 0, 1, 1, 2, 5, 20)))
        kind = generator.randrange(5)
        if kind == 0:
            middle = bytes([generator.randrange(256)])
        elif kind == 1:
            middle = generator.choice(WORDS)
        elif kind == 2:
            middle = header[start:end] * 2
        elif kind == 3:
            middle = b""
        else:
            # A place where a word is likely to be valid.
            start = end = generator.choice([i + 1 for i, byte in enumerate(header) if byte in b"{,:["] or [0])
            middle = generator.choice(WORDS)
        header = header[:start] + middle + header[end:]
    return header


def files(count, seed):
    generator = random.Random(seed)
    headers = [
        content[1:].split(b"\0", 1)
        for content in make_fuzz_seeds.safetensors().values()
        if content[:1] == b"h" and make_fuzz_seeds.SEPARATOR not in content
    ]
    valid = [(header, data) for header, data in headers if reference_accepts(whole(header, data))]
    for _ in range(count):
        header, data = generator.choice(valid if generator.random() < 0.7 else headers)
        header = mutate(header, generator)
        length = len(header)
        if generator.random() < 0.05:
            length = generator.choice((0, 7, length - 1, length + 1, length + len(data), 1 << 31, (1 << 64) - 1))
        if generator.random() < 0.05:
            data = data[: generator.randrange(len(data) + 1)] + bytes(generator.randrange(3))
        yield whole(header, data, max(length, 0))


def whole(header, data, length=None):
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def reference_accepts(content):
    try:
        safetensors.deserialize(content)
        return True
    except safetensors.SafetensorError:
        return False


def is_ambiguous(content):
    """Whether the header has a key twice, so that the two readers see different tensors, or a size from 2^63 up, which
    the reference accepts if another size of the tensor is 0."""
    found = False

    def look(pairs):
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)
        for name, value in pairs:
            found = found or name == "shape" and any(size >= 1 << 63 for size in value)
        return dict(pairs)

    json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")], object_pairs_hook=look)
    return found


def main():
    if len(sys.argv) > 3 or not all(word.isdigit() for word in sys.argv[1:]):
        sys.exit(__doc__)
    count, seed = (int(word) for word in (sys.argv[1:] + ["100000", "1"][len(sys.argv) - 1 :]))
    contents = list(files(count, seed))
    stream = b"".join(len(content).to_bytes(8, "little") + content for content in contents)
    answers = subprocess.run([PROGRAM], input=stream, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    assert len(answers) == count, f"{len(answers)} answers to {count} files"

    verdicts = collections.Counter()
    stricter = collections.Counter()
    findings = 0
    for content, answer in zip(contents, answers):
        reason = answer.split(" ", 1)[0]
        verdict = reason == "ok", reference_accepts(content)
        verdicts[verdict] += 1
        if verdict == (False, True):
            stricter[reason] += 1
        if verdict[0] != verdict[1] and (verdict[0] or reason not in STRICTER and not is_ambiguous(content)):
            findings += 1
            if findings <= 20:
                print(f"Swiftlet: {answer}; the reference {'accepts' if verdict[1] else 'refuses'} {content}")
    print(f"{count} files: both accept {verdicts[True, True]}, both refuse {verdicts[False, False]}")
    print(f"Swiftlet alone refuses {verdicts[False, True]}:", dict(stricter) or "none")
    print(f"the reference alone refuses {verdicts[True, False]}; {findings} findings")
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
