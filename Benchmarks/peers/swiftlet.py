# SPDX-License-Identifier: Apache-2.0
"""Runs programs, ours above all, and measures them from without. Imported by the other scripts.

Imports nothing large: Linux counts the memory of the parent as the peak of a program that it starts.
"""
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "Examples" / ".build" / "release"


class Disturbance:
    """The largest part of the processors that other programs had while one was measured; Linux."""

    ALLOWED = 0.05

    def __init__(self):
        self.largest = 0.0

    def least(self, measure, tries):
        """What `measure` gives when others disturb it least, of up to so many tries."""
        before, runs = self.largest, []
        while len(runs) < tries and not (runs and runs[-1][0] <= Disturbance.ALLOWED):
            self.largest = 0.0
            result = measure()
            runs.append((self.largest, result))
        disturbance, result = min(runs, key=lambda run: run[0])
        self.largest = max(before, disturbance)
        return result

    def __enter__(self):
        self.start = time.perf_counter(), self.busy_seconds(), self.own_seconds()

    def __exit__(self, *_):
        now = time.perf_counter(), self.busy_seconds(), self.own_seconds()
        elapsed, busy, own = (after - before for before, after in zip(self.start, now))
        if elapsed > 1:  # the clock ticks 100 times a second
            self.largest = max(self.largest, (busy - own) / (elapsed * os.cpu_count()))

    @staticmethod
    def busy_seconds():
        try:
            ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        except OSError:
            return 0
        return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # but idle, waiting for a disk

    @staticmethod
    def own_seconds():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system


disturbance = Disturbance()


class Failure(Exception):
    """A program failed."""


def run(command, **environment):
    """Standard output, seconds and peak megabytes of a program; a Failure has its words."""
    with tempfile.TemporaryFile("w+") as errors, disturbance:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=errors, text=True,
            env=os.environ | environment)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            errors.seek(0)
            raise Failure(f"{' '.join(str(word) for word in command)} failed:\n{errors.read()}")
    return output, seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def json_lines(command, **environment):
    output, _, _ = run(command, **environment)
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def kernels():
    return json_lines([ROOT / "Benchmarks" / ".build" / "kernels"])


def pipeline(model, text, *options):
    """What the program of that name prints, with tokens a second."""
    [result] = json_lines([PROGRAMS / "pipeline", "--model", model, "--text", text, *options])
    return result | {"tokens_per_s": result["tokens"] / result["seconds"]}


def vectors(model, text, output):
    """Writes unit vectors of means in float32, as all peers are to compute them."""
    run([PROGRAMS / "embed", "--model", model, "--input", text, "--output", output, "--format", "npy", "--quiet",
         "--pooling", "mean", "--normalize"])
    return output


def latency(model, text, precision, seconds, *options):
    """`calmest` of a line to `embed` and its answer, the next line sent after it."""
    command = [
        PROGRAMS / "embed", "--model", model, "--input", "-", "--format", "jsonl", "--quiet", "--precision", precision,
        *options]
    answers = set()
    with disturbance, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        def request():
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            answers.add(process.stdout.readline())

        result = calmest(request, seconds)
        process.stdin.close()
    if process.returncode != 0 or len(answers) != 1:
        raise Failure("embed failed, or gave a text two vectors")
    check_unit(answers.pop())
    return result


def calmest(request, seconds):
    """Milliseconds of a request, the 50th and 99th of 100, when one follows the other for so many seconds: of that eighth
    after the first quarter whose median is least, since a machine that others use may be half as fast for seconds."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 80 or time.perf_counter() < end:
        start = time.perf_counter()
        request()
        times.append((time.perf_counter() - start) * 1000)
    size = len(times) // 8
    part = min((times[first : first + size] for first in range(2 * size, 8 * size, size)), key=statistics.median)
    return {"p50_ms": statistics.median(part), "p99_ms": statistics.quantiles(part, n=100)[98]}


def check_unit(answer):
    length = sum(number * number for number in json.loads(answer)["embedding"])
    if abs(length - 1) > 1e-5:
        raise Failure(f"a vector of length {length:.6f}")


def start(model, text, *options):
    """Milliseconds from the start of `embed` to the end of its answer, the median of 21; its peak megabytes."""
    command = [PROGRAMS / "embed", "--model", model, "--quiet", "--format", "jsonl", *options, text]
    runs = [run(command) for _ in range(21)]
    check_unit(runs[0][0])
    return {"ms": statistics.median(seconds for _, seconds, _ in runs) * 1000, "mb": max(peak for *_, peak in runs)}


def memory(model, path, count):
    """Peak megabytes of `embed` over so many lines: the file's, again and again."""
    with tempfile.TemporaryDirectory() as folder:
        texts, output = pathlib.Path(folder, "texts.txt"), pathlib.Path(folder, "vectors.npy")
        with path.open(encoding="utf-8") as lines, texts.open("w", encoding="utf-8") as file:
            file.writelines(itertools.islice(itertools.cycle(lines), count))
        _, _, peak = run(
            [PROGRAMS / "embed", "--model", model, "--quiet", "--input", texts, "--output", output, "--format", "npy"])
        return peak


def train(model, table, steps):
    """Milliseconds a step of `finetune`, 16 labels x 4 texts, all included, and tokens a second, the medians after 4; peak
    megabytes."""
    with table.open(encoding="utf-8") as file:
        [label] = [name for name in file.readline().strip().split(",") if name != "text"]
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log.jsonl")
        _, _, peak = run(
            [PROGRAMS / "finetune", "--model", model, "--train", table, "--label-column", label, "--output",
             f"{folder}/output", "--steps", steps + 4, "--pooling", "cls", "--no-normalize", "--margin", "5",
             "--max-length", "128", "--schedule", "constant", "--quiet", "--log", log])
        steps = [json.loads(line) for line in log.read_text().splitlines()]
    times = [end - start for start, end in itertools.pairwise([0] + [step["seconds"] for step in steps])]
    speed = statistics.median(step["tokens_per_second"] for step in steps[4:])
    return {"ms_per_step": statistics.median(times[4:]) * 1000, "tokens_per_s": speed, "mb": peak}


def formats(model, text):
    """Tokens a second of `embed` by precision and format of its output, its start included, the best of 5 runs that
    alternate; and of the library alone."""
    results = {}
    for precision in "float32", "int8":
        seconds = {"npy": [], "jsonl": []}
        tokens = pipeline(model, text, "--passes", 1)["tokens"]
        with tempfile.TemporaryDirectory() as folder:
            for format in [*seconds] * 5:
                command = [
                    PROGRAMS / "embed", "--model", model, "--input", text, "--output", f"{folder}/{format}", "--format",
                    format, "--precision", precision, "--quiet"]
                seconds[format].append(run(command)[1])
        results[precision] = {format: tokens / min(times) for format, times in seconds.items()}
        results[precision]["library"] = pipeline(model, text, "--precision", precision)["tokens_per_s"]
    return results


def tokenize(model, text, threads):
    [result] = json_lines(
        [PROGRAMS / "tokenizer", "--model", model, "--text", text, "--threads", threads])
    return result
