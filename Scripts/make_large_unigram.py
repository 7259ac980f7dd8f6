#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a Unigram tokenizer as large as multilingual-e5's, and texts to time it on. Not committed: 20 MB.

usage: make_large_unigram.py FOLDER ENGLISH...

ENGLISH are text files. FOLDER gets tokenizer.json, with 250,002 pieces: those of a SentencePiece model that is trained on the
English texts and on the sentences of make_unigram_goldens.py, and made-up ones, so that the tables have their real size;
english.txt, the lines of ENGLISH; and multilingual.txt, in equal parts shuffled sentences of 40 languages. Time them with

    Examples/.build/release/tokenizer --model FOLDER --text FOLDER/english.txt
    python Scripts/make_large_unigram.py --time FOLDER/english.txt [THREADS]
"""
import io
import os
import pathlib
import random
import sys
import time

import sentencepiece
from tokenizers import Tokenizer

import make_unigram_goldens

PIECES = 250_002
ALPHABETS = ["abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщыэюя", "αβγδεζηθικλμνξοπρστυφχψω", "אבגדהוזחטיכלמנסעפצקרשת",
             "ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "กขคงจฉชซญดตถทนบปผฝพฟภมยรลวศสหอ"]


def train(lines):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=16000, model_type="unigram",
        character_coverage=0.9999, hard_vocab_limit=False, num_threads=2, minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [(processor.id_to_piece(i), processor.get_score(i)) for i in range(3, processor.get_piece_size())]


def made_up(choose):
    """Pieces that no text has, or seldom: syllables of all scripts, ideographs, Hangul."""
    for first, last in ((0x4E00, 0xA000), (0xAC00, 0xD7A4), (0x3041, 0x3100)):
        yield from map(chr, range(first, last))
    while True:
        letters = choose.choice(ALPHABETS)
        length = min(2 + int(choose.expovariate(0.25)), 16)
        yield choose.choice(["▁", "▁", ""]) + "".join(choose.choice(letters) for _ in range(length))


def measure(path, threads):
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    texts = path.read_text(encoding="utf-8").splitlines()
    tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        tokenizer.encode_batch_fast(texts)
        times.append(time.perf_counter() - start)
    print(f'{{"megabytes_per_s": {path.stat().st_size / 1e6 / min(times):.2f}, "threads": {threads}}}')


def main():
    if len(sys.argv) in (3, 4) and sys.argv[1] == "--time":
        return measure(pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) == 4 else 1)
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    english = [line for path in sys.argv[2:] for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    choose = random.Random(1)
    sentences = []
    for _ in range(200):
        for sentence in make_unigram_goldens.TRAINING:
            words = sentence.split()
            sentences.append(" ".join(choose.sample(words, len(words))))
    choose.shuffle(sentences)
    pieces = dict(train(english + sentences[:4000]))
    for piece in made_up(choose):
        if len(pieces) >= PIECES - 5:
            break
        pieces.setdefault(piece, -choose.uniform(12, 18))
    characters = make_unigram_goldens.base64.b64decode((make_unigram_goldens.FIXTURES / "nmt_nfkc.base64").read_text())
    folder.mkdir(parents=True, exist_ok=True)
    make_unigram_goldens.multilingual(list(pieces.items()), characters).save(str(folder / "tokenizer.json"))
    (folder / "english.txt").write_text("".join(line + "\n" for line in english), encoding="utf-8")
    (folder / "multilingual.txt").write_text("".join(line + "\n" for line in sentences), encoding="utf-8")


if __name__ == "__main__":
    main()
