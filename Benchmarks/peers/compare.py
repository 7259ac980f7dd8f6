#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Swiftlet and its peers on the same files in one run, prints one table and draws the plots.

Benchmarks/run builds the programs first; run that. Swiftlet runs before and after the peers, and the slower of the two
counts; a peer counts with its best batch size, streams and graph. What was measured goes to a file of results, from
which the table and the plots are made, so that a part can be measured again alone: --only kernels,float32.
A peer that is not installed is left out.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import swiftlet
import table
import texts

HERE = pathlib.Path(__file__).resolve().parent
ENGINES = {
    "pytorch": "torch", "onnxruntime": "onnxruntime", "openvino": "openvino", "ctranslate2": "ctranslate2",
    "llamacpp": "llama-cpp-python", "fastembed": "fastembed"}
PRECISIONS = {
    "float32": list(ENGINES), "bfloat16": ["pytorch", "openvino", "llamacpp"],
    "int8": ["onnxruntime", "openvino", "ctranslate2", "llamacpp"]}
TEXT_OF_15_TOKENS = "A man is eating a piece of bread in the park today."


def lines(path):
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def installed():
    """Engine to version."""
    versions = {}
    for engine, package in ENGINES.items():
        try:
            versions[engine] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return versions


class Comparison:
    """The parts of the comparison, each a method that returns what it measured."""

    def __init__(self, arguments, work):
        self.model, self.quick, self.work, self.tries = arguments.model, arguments.quick, work, arguments.tries
        self.engines = {name: version for name, version in installed().items() if name in arguments.peers}
        passage, short = texts.write(work)
        self.texts = {"passage": arguments.passage or passage, "short": arguments.short or short}
        self.training = arguments.training or texts.TRAINING
        self.passes = ("--passes", 1) if self.quick else ()
        self.seconds = 0.1 if self.quick else 10
        if self.quick:
            self.texts = {name: self.head(path, 40) for name, path in self.texts.items()}
        self.calibration = work / "calibration.txt"
        self.calibration.write_text(
            "".join(line for path in self.texts.values() for line in lines(path)[::5][:192]), encoding="utf-8")

    def head(self, path, count):
        """A file of the first lines of another."""
        result = self.work / f"{path.stem}-{count}.txt"
        result.write_text("".join(lines(path)[:count]), encoding="utf-8")
        return result

    def peer(self, task, text, *options, model=None, **environment):
        command = [sys.executable, HERE / "measure.py", task, "--model", model or self.model, "--text", text, *options]
        output, _, peak = swiftlet.run(command, **environment)
        return json.loads(output.splitlines()[-1]) | {"mb": peak}

    def engine(self, task, name, precision, text, *options, model=None):
        """What `peer` does of an engine, whose graph it makes first where that is not there."""
        cache = self.work / f"{(model or self.model).name}-graphs"
        cache.mkdir(exist_ok=True)
        return self.peer(
            task, text, "--engine", name, "--precision", precision, "--cache", cache, "--calibration", self.calibration,
            *options, model=model)

    def calmly(self, measure):
        return swiftlet.disturbance.least(measure, self.tries)

    def between(self, ours, peers):
        """Ours before and after the peers, the slower by each figure, and theirs; a peer that fails is left out."""
        before, theirs = self.calmly(ours), {}
        for name, measure in peers.items():
            try:
                theirs[name] = self.calmly(measure)
            except swiftlet.Failure as failure:
                print(f"without {name}: {failure}", file=sys.stderr, flush=True)
        after = self.calmly(ours) if theirs else before
        worse = {
            key: (min if key.endswith("per_s") else max)(before[key], after[key])
            for key in before if isinstance(before[key], float)}
        return {"swiftlet": before | worse, "peers": theirs}

    def between_engines(self, precision, ours, theirs):
        names = [name for name in self.engines if name in PRECISIONS[precision]]
        return self.between(ours, {name: lambda name=name: theirs(name) for name in names})

    def throughput(self, precision, model, path, pairs=None):
        """Of texts, or of pairs with the texts of another file, which a cross-encoder scores."""
        options = ["--pairs", pairs] if pairs else []
        if pairs:
            expected = self.work / "expected.txt"
            swiftlet.pipeline(model, path, *options, "--logits", expected, "--passes", 1)
        else:
            expected = swiftlet.vectors(model, path, self.work / "expected.npy")
        result = self.between_engines(
            precision, lambda: swiftlet.pipeline(model, path, "--precision", precision, *options, *self.passes),
            lambda name: self.engine("embed", name, precision, path, *options, "--expected", expected, model=model))
        for name, measured in result["peers"].items():
            if precision == "float32" and measured["min_cosine"] < 0.9999:
                raise SystemExit(f"{name} computes something else: a cosine of {measured['min_cosine']} with ours")
        return result

    def precision(self, name):
        return {text: self.throughput(name, self.model, path) for text, path in self.texts.items()}

    def between_python(self, ours, theirs):
        return self.between(ours, {"pytorch": theirs} if "pytorch" in self.engines else {})

    def float32(self):
        return self.precision("float32")

    def bfloat16(self):
        return self.precision("bfloat16")

    def int8(self):
        return self.precision("int8")

    def kernels(self):
        return self.calmly(swiftlet.kernels)

    def latency(self):
        path = self.work / "one.txt"
        path.write_text(TEXT_OF_15_TOKENS + "\n", encoding="utf-8")
        return {
            precision: self.between_engines(
                precision, lambda: swiftlet.latency(self.model, TEXT_OF_15_TOKENS, precision, self.seconds),
                lambda name: self.engine("latency", name, precision, path, "--seconds", self.seconds))
            for precision in ("float32", "int8")}

    def random_model(self, name, *options):
        """A folder with random weights."""
        model = self.work / name
        if not model.exists():
            swiftlet.run([sys.executable, swiftlet.ROOT / "Scripts" / "make_random_bert.py", model, *options])
        return model

    def large(self):
        """Random weights as large as bert-base's."""
        if "pytorch" not in self.engines:
            return None
        return self.throughput("float32", self.random_model("bert-base"), self.head(self.texts["passage"], 100))

    def family(self):
        """Random weights as large as those of DistilBERT, of MPNet, and of a cross-encoder for MS MARCO."""
        if "pytorch" not in self.engines:
            return None
        passage, short = self.head(self.texts["passage"], 40), self.head(self.texts["short"], 400)
        others = self.work / "others.txt"
        others.write_text("".join(reversed(lines(short))), encoding="utf-8")
        pairs = {"passage": (self.head(short, 200), self.texts["passage"]), "short": (short, others)}
        results = {}
        for name, layers, hidden, options in (
                ("distilbert", 6, 768, ["--type", "distilbert"]), ("mpnet", 12, 768, ["--type", "mpnet"]),
                ("cross-encoder", 6, 384, ["--cross-encoder"])):
            sizes = ["--layers", layers, "--hidden", hidden, "--intermediate", 4 * hidden]
            model = self.random_model(name, *sizes, *options)
            texts = pairs if name == "cross-encoder" else {"passage": (passage,), "short": (short,)}
            results[name] = {
                text: self.throughput("float32", model, *paths) | {"layers": layers, "hidden": hidden}
                for text, paths in texts.items()}
        return results

    def train(self):
        steps = 2 if self.quick else 20
        return self.between_python(
            lambda: swiftlet.train(self.model, self.training, steps),
            lambda: self.peer("train", self.training, "--steps", steps))

    def tokenizer(self):
        text = self.texts["short"]
        return {
            threads: self.between_python(
                lambda: swiftlet.tokenize(self.model, text, threads),
                lambda: self.peer("tokenize", text, RAYON_NUM_THREADS=threads))
            for threads in ("1", "2")}

    def formats(self):
        return self.calmly(lambda: swiftlet.formats(self.model, self.texts["passage"]))

    def start(self):
        return {
            name: self.calmly(lambda: swiftlet.start(self.model, TEXT_OF_15_TOKENS, *options))
            for name, options in (("read", []), ("mapped", ["--map-tables"]))}

    def memory(self):
        counts = [20, 200] if self.quick else [20_000, 200_000]
        return {count: swiftlet.memory(self.model, self.texts["short"], count) for count in counts}

    def threads(self):
        """By the number of threads, tokens a second of passages, and milliseconds of one text by precision."""
        speeds = {"1": 0, "2": 0}
        for count in [*speeds] * 2:
            options = "--threads", count, *(self.passes or ("--passes", 2))
            result = self.calmly(lambda: swiftlet.pipeline(self.model, self.texts["passage"], *options))
            speeds[count] = max(speeds[count], result["tokens_per_s"])
        speeds["latency"] = {
            precision: {
                count: self.calmly(lambda: swiftlet.latency(
                    self.model, TEXT_OF_15_TOKENS, precision, self.seconds, "--threads", count))["p50_ms"]
                for count in ("1", "2")}
            for precision in ("float32", "int8")}
        return speeds

    def scaling(self):
        """Seconds by the number of tokens in all, and by the tokens of each text."""
        totals = [1000, 10_000] if self.quick else [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
        lengths = [16, 64] if self.quick else [8, 16, 32, 64, 128, 192, 256, 384, 512]

        def points(option, values, *others):
            return [
                self.calmly(lambda: swiftlet.pipeline(self.model, self.texts["passage"], option, value, *others))
                for value in values]

        return {
            "totals": points("--tokens", totals[:-1]) + points("--tokens", totals[-1:], "--passes", 1),
            "lengths": points("--length", lengths, "--tokens", totals[-1] // 30)}


PARTS = [
    "kernels", "float32", "bfloat16", "int8", "latency", "large", "family", "train", "tokenizer", "formats", "start",
    "memory", "threads", "scaling"]


def machine():
    """The processor's name and number, the system."""
    name = platform.processor() or platform.machine()
    if sys.platform == "darwin":
        words = ["sysctl", "-n", "machdep.cpu.brand_string"]
        name = subprocess.run(words, capture_output=True, text=True).stdout.strip()
    elif os.path.exists("/proc/cpuinfo"):
        pairs = (line.partition(":") for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines())
        fields = {key.strip(): value.strip() for key, _, value in pairs}
        name = f"{fields.get('model name', name)}, family {fields.get('cpu family', '?')}"
    return {"processor": name, "processors": os.cpu_count(), "system": platform.system()}


def some_of(known):
    """A type of argument: some of the known names, separated by commas, or none."""
    def names(text):
        chosen = [] if text == "none" else text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"unknown name {name!r}; give some of {','.join(known)}, or none")
        return chosen
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", type=some_of(PARTS), default=list(PARTS), metavar="PART,...",
        help=f"parts, of {','.join(PARTS)}; none: the table alone")
    parser.add_argument(
        "--peers", type=some_of(ENGINES), default=list(ENGINES), metavar="ENGINE,...",
        help=f"engines to compare with, of {','.join(ENGINES)}; none")
    parser.add_argument("--model", type=pathlib.Path, default=swiftlet.ROOT / "weights" / "all-MiniLM-L6-v2")
    parser.add_argument("--short", type=pathlib.Path, help="short texts, one a line; default: from Examples/Data")
    parser.add_argument("--passage", type=pathlib.Path, help="passages, one a line; default: from Examples/Data")
    parser.add_argument("--training", type=pathlib.Path, help="labeled texts as CSV; default: from Examples/Data")
    parser.add_argument("--results", type=pathlib.Path, default=HERE.parent / ".build" / "results.json")
    parser.add_argument("--plots", type=pathlib.Path, help="a folder for the plots")
    parser.add_argument(
        "--tries", type=int, default=3, help="how often to measure while others take over 5 %% of the processors")
    parser.add_argument("--quick", action="store_true", help="a few texts and steps, to see that all runs")
    parser.add_argument("--work", type=pathlib.Path, help="keeps what peers make of the model; default: none")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.tries = 1
        arguments.results = arguments.results.with_name("quick-results.json")
        arguments.results.unlink(missing_ok=True)
    if arguments.work:
        arguments.work.mkdir(parents=True, exist_ok=True)
        measure(arguments, arguments.work)
    else:
        with tempfile.TemporaryDirectory() as work:
            measure(arguments, pathlib.Path(work))
    if not arguments.results.exists():
        raise SystemExit(f"{arguments.results} is not there yet; measure something first")
    results = json.loads(arguments.results.read_text())
    print(table.markdown(results))
    if swiftlet.disturbance.largest > 0.05:
        print(f"\nOthers had up to {swiftlet.disturbance.largest:.0%} of the processors meanwhile.", file=sys.stderr)
    if arguments.plots:
        import plots  # matplotlib is large, and not needed for the table

        plots.draw(results, arguments.plots)


def measure(arguments, work):
    """Adds to the file of results."""
    comparison = Comparison(arguments, work)
    results = json.loads(arguments.results.read_text()) if arguments.results.exists() else {}
    for part in arguments.only:
        print(f"{part} ...", file=sys.stderr, flush=True)
        results[part] = getattr(comparison, part)()
        results |= {"machine": machine(), "versions": comparison.engines, "date": datetime.date.today().isoformat()}
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        arguments.results.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (swiftlet.Failure, OSError) as failure:
        raise SystemExit(str(failure))
