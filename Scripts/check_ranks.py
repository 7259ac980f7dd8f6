#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that `finetune-mpi` gives the weights of `finetune`, to the bit, on any number of processes.

usage: check_ranks.py [--quick] [--namespaces] [--program FILE]
       check_ranks.py --measure TRAIN [--label-column NAME] [--texts N] [--program FILE]

Needs Open MPI (Debian: openmpi-bin and libopenmpi-dev) and both programs, built. Prints the SHA-256 of the
model.safetensors of each run: ranks, threads, pieces and CPU paths, all kinds of losses, evaluation and mining, a rank that
is killed and a run that goes on with another number of ranks, a stop by SIGUSR1. Also that a wrong argument is reported
once, and a rank with other data named. --quick is the short form for CI. --namespaces also runs three ranks in network
namespaces that know each other by TCP only (Linux, root). Exit 1 if a digest differs.

--measure compares what a step of 1,024 texts of a table (or --texts) takes of the processors with 1, 2 and 4 ranks of one
thread each, MPI's own time left out, with one process of `finetune`. The limit is 1.05 times its time and three times that of
what every rank does alone: the loss, the norm, the update, the packing of weights. This is the time of a step whose texts
have no tokens, which a line through those of 3 and of 6 tokens a text gives. Where perf is installed, also the share of the
step that rounds the blocks' sums to integers and back; Benchmarks has a program that times the loss alone.
"""
import argparse
import contextlib
import csv
import hashlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FINETUNE = ROOT / "Examples/.build/release/finetune"
RANKS = ROOT / "Examples/Cluster/.build/release/finetune-mpi"
DATA = ROOT / "Examples/Data/workshop"
# More ranks than processors: without yielding, ranks that wait would take the time of those that work.
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]

# The default comes first anyway.
LABEL_LOSSES = [
    "batch-hard-soft-margin-triplet", "batch-semi-hard-triplet", "facenet-semi-hard-triplet", "batch-all-triplet", "triplet",
    "hardest-of-k-triplet", "contrastive", "online-contrastive", "cosine-hinge", "multiple-negatives-ranking",
    "multiple-negatives-ranking-symmetric", "softmax-cross-entropy"]
SCORE_LOSSES = ["cosine-similarity", "cosent", "angle", "mse"]


class Runs:
    def __init__(self, folder, program):
        self.program = program
        self.folder, self.count, self.failures = pathlib.Path(folder), 0, 0

    def output(self):
        self.count += 1
        return self.folder / f"run-{self.count}"

    def digest(self, output):
        return hashlib.sha256((output / "model.safetensors").read_bytes()).hexdigest()

    def check(self, name, is_right, detail=""):
        print(f"{'ok' if is_right else 'WRONG'}  {name}{': ' + detail if detail else ''}", flush=True)
        self.failures += not is_right

    def alone(self, *options, **environment):
        output = self.output()
        subprocess.run([FINETUNE, "--output", output, "--quiet", *options], check=True, stdout=subprocess.DEVNULL, env=os.environ | environment)
        return self.digest(output)

    def command(self, output, ranks, *options):
        """`ranks` is a number, or for each rank its environment and further options."""
        parts = [[{}, []]] * ranks if isinstance(ranks, int) else ranks
        words = list(MPIRUN)
        for index, (environment, more) in enumerate(parts):
            words += [":"] if index else []
            words += ["-np", "1", "env", *[f"{key}={value}" for key, value in environment.items()]]
            words += [self.program, "--output", output, "--quiet", *options, *more]
        return [str(word) for word in words]

    def together(self, name, expected, ranks, *options):
        output = self.output()
        run = subprocess.run(self.command(output, ranks, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if run.returncode:
            return self.check(name, False, run.stderr.strip())
        digest = self.digest(output)
        self.check(name, digest == expected, digest[:16])


def wait_for(path, seconds=120):
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise SystemExit(f"{path} did not appear")
        time.sleep(0.01)


def children(process):
    """The ranks that mpirun has started."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may have ended
            name, rest = (folder / "stat").read_text().split("(", 1)[1].rsplit(") ", 1)
            if int(rest.split()[1]) == process and name.startswith("finetune"):
                found.append(int(folder.name))
    return sorted(found)


def killed(runs, expected, options):
    """A rank is killed in the middle; the run goes on with another number of ranks."""
    output = runs.output()
    process = subprocess.Popen(runs.command(output, 3, *options, "--checkpoint-every", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(output / "checkpoints/step-000002")
    os.kill(children(process.pid)[1], signal.SIGKILL)
    process.communicate(timeout=120)
    runs.check("a killed rank ends the run", process.returncode != 0, f"exit {process.returncode}")
    resumed = subprocess.run(runs.command(output, 2, *options, "--checkpoint-every", "1", "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    runs.check("killed with 3 ranks, resumed with 2", resumed.returncode == 0 and runs.digest(output) == expected, resumed.stderr.strip())


def stopped(runs, expected, options):
    """SIGUSR1, which mpirun hands to all ranks."""
    output = runs.output()
    process = subprocess.Popen(runs.command(output, 2, *options, "--checkpoint-every", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(output / "checkpoints/step-000001")
    process.send_signal(signal.SIGUSR1)
    process.communicate(timeout=120)
    runs.check("SIGUSR1 stops all ranks", process.returncode == 143, f"exit {process.returncode}")
    subprocess.run(runs.command(output, 3, *options, "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs.check("stopped with 2 ranks, resumed with 3", runs.digest(output) == expected)


def mistakes(runs, options):
    run = subprocess.run(runs.command(runs.output(), 3, *options, "--steps", "0"), capture_output=True, text=True)
    said = run.stderr.count("--steps is 0")
    runs.check("a wrong argument is reported once", run.returncode == 64 and said == 1, f"exit {run.returncode}, {said} times")
    other = runs.folder / "other.csv"
    other.write_text((DATA / "train.csv").read_text() + "one more text,another label\n")
    run = subprocess.run(runs.command(runs.output(), [({}, []), ({}, []), ({}, ["--train", other])], *options), capture_output=True, text=True)
    named = re.search(r"rank 2 on \S+ differs from rank 0 on \S+: .*training data was", run.stderr)
    runs.check("other data are named", run.returncode != 0 and named is not None, run.stderr.strip()[:300] if not named else "")
    taken = runs.folder / "taken"
    taken.mkdir()
    (taken / "file").touch()
    words = runs.command(taken, 2, *options)
    run = subprocess.run(words, capture_output=True, text=True, timeout=120)
    runs.check("an output folder that is not empty ends all", run.returncode != 0 and "not empty" in run.stderr)


def processor_seconds(words, steps):
    """Of all processes of a run of so many steps, less what they were in MPI; also the longest seconds of a rank's gathering and
    summing, and its megabytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([str(word) for word in [*words, "--steps", steps]], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.findall(r"^rank \d+ on .*: ([\d.]+) s of the processor, ([\d.]+) s of gathering and ([\d.]+) s of summing for (\d+) MB", run.stderr, re.M)
    if not found:
        return [after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime]
    own, *most = zip(*[map(float, rank) for rank in found])
    return [sum(own), *map(max, most)]


def measure(arguments):
    options = ["--train", arguments.measure, "--label-column", arguments.label_column, "--labels-per-batch", "64", "--samples-per-label", str(arguments.texts // 64), "--threads", "1"]
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(folder, arguments.program.resolve())

        def step(words):
            """Of a step: that of the second to fourth."""
            short, long = [processor_seconds([*words, "--output", runs.output()], steps) for steps in (1, 4)]
            return [(b - a) / 3 for a, b in zip(short, long)]

        [alone] = step([FINETUNE, *options])
        few, more = [step([FINETUNE, *options, "--max-length", str(length)])[0] for length in (3, 6)]
        repeated = 2 * few - more
        print(f"one process: {alone:.2f} s a step; what every rank repeats: at most {repeated:.2f} s", flush=True)
        for ranks in 1, 2, 4:
            used, gathering, summing, size = step([*MPIRUN, "-np", str(ranks), runs.program, *options])
            limit = 1.05 * alone + 3 * repeated
            print(f"{ranks} ranks: {used:.2f} s a step, {used / alone:.3f} x, the limit {limit / alone:.3f} x; a rank's {size:.0f} MB: up to {gathering:.2f} s of gathering, {summing:.2f} s of summing", flush=True)
            runs.failures += used > limit
        if shutil.which("perf"):
            profile = runs.folder / "profile"
            subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", profile, FINETUNE, *options, "--output", runs.output(), "--steps", "2"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            report = subprocess.run(["perf", "report", "-i", profile, "--stdio", "-s", "symbol"], capture_output=True, text=True).stdout
            rounding = sum(float(share) for share in re.findall(r"^ *([\d.]+)%.*(?:move_to|take)_sums", report, re.M))
            print(f"rounding to integers and back: {rounding:.2f} % of a run of two steps")
        sys.exit(1 if runs.failures else 0)


@contextlib.contextmanager
def namespaces(count, folder):
    """Network namespaces on one bridge, and a command that starts MPI's daemon in the one of an address."""
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    agent = folder / "enter"
    agent.write_text("#!/bin/sh\nhost=$1; shift\nexec ip netns exec \"swiftlet-${host##*.}\" sh -c \"$*\"\n")
    agent.chmod(0o755)
    ip("link", "add", "swiftlet-br", "type", "bridge")
    try:
        ip("addr", "add", "10.213.0.254/24", "dev", "swiftlet-br")
        ip("link", "set", "swiftlet-br", "up")
        for number in range(1, count + 1):
            name = f"swiftlet-{number}"
            ip("netns", "add", name)
            ip("link", "add", f"sw-out-{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"sw-out-{number}", "master", "swiftlet-br", "up")
            ip("netns", "exec", name, "ip", "addr", "add", f"10.213.0.{number}/24", "dev", "eth0")
            ip("netns", "exec", name, "ip", "link", "set", "eth0", "up")
            ip("netns", "exec", name, "ip", "link", "set", "lo", "up")
        yield agent, [f"10.213.0.{number}" for number in range(1, count + 1)]
    finally:
        for number in range(1, count + 1):
            subprocess.run(["ip", "netns", "del", f"swiftlet-{number}"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", "swiftlet-br"], stderr=subprocess.DEVNULL)


def over_tcp(runs, expected, options):
    with namespaces(3, runs.folder) as (agent, hosts):
        output = runs.output()
        words = [*MPIRUN, "--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "10.213.0.0/24",
                 "--mca", "oob_tcp_if_include", "10.213.0.0/24", "--host", ",".join(hosts), "-np", "3", runs.program, "--output", output,
                 "--quiet", *options]
        run = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        same = run.returncode == 0 and runs.digest(output) == expected
        runs.check("three network namespaces over TCP", same, run.stderr.strip()[:500])


def tables(folder):
    """The workshop's texts as pairs, triplets and scored pairs, for the losses that want them."""
    rows = list(csv.DictReader(open(DATA / "train.csv", newline="")))
    by_label = {}
    for row in rows:
        by_label.setdefault(row["label"], []).append(row["text"])
    groups = [texts for texts in by_label.values() if len(texts) >= 2]
    triplets = [(texts[i], texts[i + 1], groups[(g + 1) % len(groups)][0]) for g, texts in enumerate(groups) for i in range(len(texts) - 1)]
    kinds = {
        "triplets": (["anchor", "positive", "negative"], triplets),
        "pairs": (["anchor", "positive"], [row[:2] for row in triplets]),
        "scored": (["sentence1", "sentence2", "score"], [(a, b, "0.9") for a, b, _ in triplets] + [(a, c, "0.1") for a, _, c in triplets]),
    }
    for name, (header, lines) in kinds.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    return {name: folder / f"{name}.csv" for name in kinds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--namespaces", action="store_true")
    parser.add_argument("--measure", type=pathlib.Path, metavar="TRAIN")
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--texts", type=int, default=1024)
    parser.add_argument("--program", type=pathlib.Path, default=RANKS, help="finetune-mpi")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments)
    labeled = ["--train", DATA / "train.csv"]
    large = [*labeled, "--labels-per-batch", "6", "--samples-per-label", "32", "--steps", "4"]
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(folder, arguments.program.resolve())
        expected = runs.alone(*large)
        print(f"    {expected[:16]}  one process")
        for ranks in (2,) if arguments.quick else (1, 2, 3, 5):
            runs.together(f"{ranks} ranks", expected, ranks, *large)
        # Each batch is one block, of one rank.
        accumulated = [*labeled, "--accumulate", "2", "--steps", "2"]
        runs.together("accumulated batches of one block", runs.alone(*accumulated), 2, *accumulated)
        mixed = [({"SWIFTLET_CPU": "avx2"}, ["--threads", "1"]), ({}, ["--threads", "2", "--piece-size", "23"]), ({}, ["--piece-size", "8"])]
        if arguments.quick:
            killed(runs, expected, large)
            mistakes(runs, large)
        else:
            runs.together("AVX2, threads and pieces of their own", expected, mixed, *large)
            killed(runs, expected, large)
            stopped(runs, expected, large)
            mistakes(runs, large)
            files = tables(runs.folder)
            evaluated = [*large, "--eval", DATA / "test.csv", "--eval-every", "2"]
            kinds = {
                "evaluation": evaluated, "accumulated batches": [*large, "--accumulate", "3"],
                "offline mining": [*large, "--loss", "triplet", "--mine", "offline"],
                "triplets": ["--train", files["triplets"], "--steps", "3", "--loss", "triplet"],
                "pairs": ["--train", files["pairs"], "--steps", "3", "--loss", "multiple-negatives-ranking"],
            }
            # More anchors than one block has: ranks share the rows of the loss.
            shared = [*labeled, "--labels-per-batch", "6", "--samples-per-label", "400", "--steps", "2", "--max-length", "6"]
            for loss in ["batch-hard-triplet", "batch-semi-hard-triplet", "multiple-negatives-ranking"]:
                kinds[f"2,400 texts, loss {loss}"] = [*shared, "--loss", loss]
            for loss in LABEL_LOSSES:
                kinds[f"loss {loss}"] = [*large, "--loss", loss]
            for loss in SCORE_LOSSES:
                kinds[f"loss {loss}"] = ["--train", files["scored"], "--steps", "3", "--loss", loss]
            for name, options in kinds.items():
                output = runs.output()
                alone = subprocess.run([FINETUNE, "--output", output, "--quiet", *options], capture_output=True, text=True)
                if alone.returncode:
                    runs.check(name, False, alone.stderr.strip())
                    continue
                runs.together(name, runs.digest(output), 3, *options)
        if arguments.namespaces:
            over_tcp(runs, expected, large)
        if runs.failures:
            sys.exit(1)


if __name__ == "__main__":
    main()
