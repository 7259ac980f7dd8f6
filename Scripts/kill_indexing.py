#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `search index` again and again: after each kill the index is the old one or the new one, whole.

usage: kill_indexing.py [--kills N] [--signal KILL|TERM|INT] [--seed N] [--model DIR]

A corpus changes at random, and its index is brought up to date by a process that is killed at a random moment, most often
near the end, where files get their names. Then `search check` must find no damage, and the documents must be those of the
corpus before or after the change. Half of the times the same change is then completed. Needs the release build of Examples/.
Exits 1 at the first difference.
"""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from programs import PROGRAMS

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
WORDS = "the cat sat on a mat and dog ran it was jumping".split()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--signal", choices=["KILL", "TERM", "INT"], default="KILL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default=REPOSITORY / "Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model")
    arguments = parser.parse_args()
    generator, number = random.Random(arguments.seed), getattr(signal, "SIG" + arguments.signal)

    def search(*words):
        return subprocess.run([PROGRAMS / "search", *map(str, words)], capture_output=True, text=True)

    def documents(index):
        """The documents of an index, in order; none if there is no index yet."""
        if not (index / "manifest.json").exists():
            return []
        checked = search("check", "--index", index)
        if checked.returncode != 0:
            sys.exit(f"after {kills} kills: {checked.stderr}")
        exported = search("export", "--index", index, "--format", "jsonl")
        return [json.loads(line)["text"] for line in exported.stdout.splitlines()]

    def changed(corpus):
        kept = [text for text in corpus if generator.random() > 0.2]
        new = [" ".join(generator.choices(WORDS, k=generator.randint(0, 12))) for _ in range(generator.randint(1, 2000))]
        return generator.sample(kept + new, len(kept) + len(new))[:4000]

    with tempfile.TemporaryDirectory() as work:
        path, index = pathlib.Path(work) / "corpus.txt", pathlib.Path(work) / "index"
        command = [PROGRAMS / "search", "index", "--corpus", path, "--index", index, "--model", arguments.model, "--quiet"]
        corpus, kills, new_after_kill, completed, duration = [], 0, 0, 0, 0.3
        while kills < arguments.kills:
            wanted = changed(corpus)
            path.write_text("".join(f"{text}\n" for text in wanted), encoding="utf-8")
            start = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            moment = duration * (generator.uniform(0.6, 1.1) if kills % 3 else generator.random())
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            message = process.communicate()[1]
            if process.returncode == 0:
                duration = 0.7 * duration + 0.3 * (time.monotonic() - start)
                completed += 1
                if documents(index) != wanted:
                    sys.exit(f"after {kills} kills a completed run left other documents than the corpus has")
                corpus = wanted
                continue
            if process.returncode not in (-number, 128 + number):
                sys.exit(f"after {kills} kills: exit {process.returncode}: {message}")
            kills += 1
            found = documents(index)
            if found not in (corpus, wanted):
                sys.exit(f"after {kills} kills: {len(found)} documents, neither the {len(corpus)} old nor the {len(wanted)} new")
            new_after_kill += found == wanted and found != corpus
            corpus = found
        print(f"{kills} kills: the old index {kills - new_after_kill} times, the new one {new_after_kill} times; "
              f"{completed} runs completed")


if __name__ == "__main__":
    main()
