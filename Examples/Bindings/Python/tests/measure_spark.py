#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what Spark adds to the CPU time of a text, and the memory of its Python workers.

usage: measure_spark.py [--precision float32|int8] [--format list|binary|int8|bits] [--counts FEW,MANY] [--work DIR]

Embeds FEW and MANY short texts, 50,000 and 200,000 by default, with `embed` on two threads, and with Spark on two executors
of one core. CPU seconds are those of all processes of Spark but this one: the driver's JVM, executors, Python workers; tables
are read from Parquet and written to it. The difference of the two, over the difference of the counts, is the time of a text
without what starting takes. A job of FEW texts goes before, for Java's compiler. Needs what check_spark.py needs, and an idle
machine.
"""
import argparse
import itertools
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from places import MODEL, PROGRAMS, ROOT

import spark_cluster

sys.path.insert(0, str(ROOT / "Benchmarks/peers"))
import texts as benchmark_texts

from swiftlet_embed.spark import embed


class Memory:
    """The largest memory of a Python worker, in steps of a second, while a job runs."""

    def __init__(self):
        self.samples, self.ended = [], threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def sample(self):
        while not self.ended.wait(1):
            self.samples.append(max(map(spark_cluster.memory_of, spark_cluster.python_workers()[1]), default=0))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def largest(self, first, last):
        """In a part of the job, from 0 to 1."""
        count = len(self.samples)
        return max(self.samples[int(first * count):max(int(last * count), int(first * count) + 1)])


def program_seconds(lines, precision, work):
    """CPU seconds of `embed`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [PROGRAMS / "embed", "--model", MODEL, "--input", lines, "--output", work / "vectors.npy", "--format", "npy",
         "--quiet", "--precision", precision, "--threads", "2"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--format", default="binary")
    parser.add_argument("--counts", default="50000,200000")
    parser.add_argument("--work", type=pathlib.Path)
    arguments = parser.parse_args()
    few, many = map(int, arguments.counts.split(","))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = (arguments.work or pathlib.Path(folder)).resolve()
        work.mkdir(exist_ok=True)
        _, short = benchmark_texts.write(work)
        lines = short.read_text(encoding="utf-8").splitlines()
        program, spark_seconds = [], []
        for count in few, many:
            texts = list(itertools.islice(itertools.cycle(lines), count))
            (work / "lines.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
            program.append(program_seconds(work / "lines.txt", arguments.precision, work))
            shutil.rmtree(work / str(count), ignore_errors=True)
            spark_cluster.write_table(work / str(count), texts, files=8)

        spark = spark_cluster.session(work, **{"spark.sql.execution.arrow.maxRecordsPerBatch": 2000})

        def job(count):
            before = spark_cluster.cpu_seconds()
            result = embed(
                spark.read.parquet(f"{work}/{count}"), text="text", model="model", precision=arguments.precision,
                format=arguments.format)
            result.select("id", "embedding").write.mode("overwrite").parquet(f"{work}/vectors")
            return spark_cluster.cpu_seconds() - before

        start = time.monotonic()
        job(few)
        spark_seconds.append(job(few))
        with Memory() as memory:
            spark_seconds.append(job(many))
        elapsed = time.monotonic() - start
        spark_cluster.stop(spark)

    def slope(seconds):
        return (seconds[1] - seconds[0]) / (many - few) * 1e6

    ours, theirs = slope(program), slope(spark_seconds)
    print(f"{arguments.precision}, {arguments.format}: embed {ours:.1f} us of CPU a text, Spark {theirs:.1f} us: "
          f"{theirs / ours - 1:+.1%}, {theirs - ours:.1f} us more")
    print(f"CPU seconds for {few} and {many} texts: embed {program[0]:.1f} and {program[1]:.1f}, Spark {spark_seconds[0]:.1f} "
          f"and {spark_seconds[1]:.1f}; the jobs took {elapsed:.0f} s")
    parts = [f"{memory.largest(tenth / 10, (tenth + 1) / 10):.0f}" for tenth in range(10)]
    print(f"MB of the largest Python worker in each tenth of the {many} texts: {', '.join(parts)}")


if __name__ == "__main__":
    main()
