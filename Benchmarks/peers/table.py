# SPDX-License-Identifier: Apache-2.0
"""The table of what compare.py measured, in Markdown."""
ENGINES = {
    "pytorch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "ctranslate2": "CTranslate2",
    "llamacpp": "llama-cpp-python", "fastembed": "fastembed"}


def speed(value):
    """Three figures."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def cosine(value):
    return f"{value:.5f}"


class Table:
    def __init__(self, versions):
        self.versions = versions
        names = [f"{ENGINES[engine]} {'.'.join(version.split('.')[:2])}" for engine, version in versions.items()]
        self.lines = [self.line("", "Swiftlet", *names, "ratio to the best"), "|-|" + "-:|" * (len(names) + 2)]

    @staticmethod
    def line(*cells):
        return f"| {' | '.join(cells)} |"

    def add(self, name, ours, theirs=None, key=None, best=None, show=speed):
        """A row of numbers, or of what `key` says of each; `best`, max or min, says which peer the ratio is to."""
        theirs = theirs or {}
        if key:
            ours, theirs = ours.get(key), {engine: value[key] for engine, value in theirs.items() if key in value}
        cells = [show(theirs[engine]) if engine in theirs else "" for engine in self.versions]
        ratio = f"{ours / best(theirs.values()):.2f}" if best and theirs else ""
        self.lines.append(self.line(name, show(ours), *cells, ratio))

    def note(self, name, ours):
        self.lines.append(self.line(name, ours, *[""] * (len(self.versions) + 1)))

    def __str__(self):
        return "\n".join(self.lines)


def peak(kernels, precision, path=None):
    """The highest that was measured, a path's or any's."""
    return max(
        line["peak_gflops"] for line in kernels
        if line["kernel"] == "product" and line["precision"] == precision and path in (None, line["path"]))


def kernel_rows(kernels):
    """(path, precision, rows, least share, largest share) of the peak over the shapes."""
    shares = {}
    for line in kernels:
        if line["kernel"] == "product":
            path, precision = line["path"], line["precision"]
            shares.setdefault((path, precision, line["rows"]), []).append(
                line["gflops"] / peak(kernels, precision, path))
    return [(*key, min(values), max(values)) for key, values in shares.items()]


def share_of_peak(measured, results, layers=6, hidden=384, precision="float32", forwards=1):
    """The part of all processors' peak in this precision that the operations of a BERT of these sizes make, the bundled
    model's if none are given. A layer's products have 12 hidden² weights; attention adds two products of hidden numbers a pair
    of tokens. A step of training costs three forward passes."""
    length = measured["tokens"] / measured["texts"]
    operations = forwards * layers * (2 * 12 * hidden**2 + 4 * hidden * length)
    limit = peak(results["kernels"], precision) * results["machine"]["processors"]
    return f"{measured['tokens_per_s'] * operations / (limit * 1e9):.0%}"


def caption(results):
    machine = results["machine"]
    return f"{machine['processor']}, {machine['processors']} processors, {machine['system']}; {results['date']}."


def markdown(results):
    table = Table(results["versions"])
    for precision in "float32", "bfloat16", "int8":
        texts = results.get(precision, {})
        for measured in texts.values():
            length = measured["swiftlet"]["tokens"] / measured["swiftlet"]["texts"]
            table.add(
                f"{precision}, texts of {length:.0f} tokens: tokens/s", measured["swiftlet"], measured["peers"],
                "tokens_per_s", max)
            if "kernels" in results:
                share = share_of_peak(measured["swiftlet"], results, precision=precision)
                table.note(f"share of the processors' peak in {precision}", share)
        if texts and precision != "float32":
            sides = [{"swiftlet": measured["swiftlet"], **measured["peers"]} for measured in texts.values()]
            common = [name for name in sides[0] if all(name in side for side in sides)]
            least = {name: min(side[name]["min_cosine"] for side in sides) for name in common}
            table.add("least cosine with float32", least.pop("swiftlet"), least, show=cosine)
    if large := results.get("large"):
        table.add("float32, 12 layers of 768: tokens/s", large["swiftlet"], large["peers"], "tokens_per_s", max)
        if "kernels" in results:
            table.note("share of the processors' peak", share_of_peak(large["swiftlet"], results, 12, 768))
    for model, texts in (results.get("family") or {}).items():
        for text, measured in texts.items():
            name = f"float32, size of {model}, {text} texts: tokens/s"
            table.add(name, measured["swiftlet"], measured["peers"], "tokens_per_s", max)
            if "kernels" in results:
                share = share_of_peak(measured["swiftlet"], results, measured["layers"], measured["hidden"])
                table.note("share of the processors' peak", share)
    for precision, measured in results.get("latency", {}).items():
        name = f"{precision}, one text of 15 tokens: ms, median"
        table.add(name, measured["swiftlet"], measured["peers"], "p50_ms", min)
        table.add("99th of 100", measured["swiftlet"], measured["peers"], "p99_ms", min)
    if train := results.get("train"):
        table.add("a step of training, 64 texts: ms", train["swiftlet"], train["peers"], "ms_per_step", min)
        if "kernels" in results:
            tokens = train["swiftlet"]["tokens_per_s"] * train["swiftlet"]["ms_per_step"] / 1000
            measured = train["swiftlet"] | {"tokens": tokens, "texts": 64}
            # With CLS pooling, the last layer computes keys and values alone of most tokens, 2 of its 12 products.
            share = share_of_peak(measured, results, layers=5 + 2 / 12, forwards=3)
            table.note("share of the processors' peak, all included", share)
        table.add("peak memory: MB", train["swiftlet"], train["peers"], "mb", min)
    for threads, measured in results.get("tokenizer", {}).items():
        name = f"tokenizer, {threads} thread{'s' * (threads != '1')}: MB/s"
        table.add(name, measured["swiftlet"], measured["peers"], "megabytes_per_s", max)
    for precision, speeds in results.get("formats", {}).items():
        for other in "npy", "library":
            name = f"{precision}, embed to jsonl: times the speed of {'embed to npy' if other == 'npy' else 'the library'}"
            table.add(name, speeds["jsonl"] / speeds[other])
    start = results.get("start", {})
    # Before tables could be mapped, it had one measurement.
    for name, measured in ({"read": start} if "ms" in start else start).items():
        how = ", tables mapped" if name == "mapped" else ""
        table.add(f"from the start of a program to its first vector{how}: ms", measured["ms"])
        table.add(f"peak memory for one text{how}: MB", measured["mb"])
    for count, megabytes in results.get("memory", {}).items():
        table.add(f"peak memory for {int(count):,} texts: MB", megabytes)
    if "scaling" in results and "kernels" in results:
        longest = results["scaling"]["lengths"][-1]
        measured = longest | {"tokens_per_s": longest["tokens"] / longest["seconds"]}
        length = longest["tokens"] / longest["texts"]
        table.note(f"float32, texts of {length:.0f} tokens: share of the peak", share_of_peak(measured, results))
    if threads := results.get("threads"):
        table.add("two threads: times one's speed", threads["2"] / threads["1"])
        for precision, times in threads.get("latency", {}).items():
            for count, time in times.items():
                table.add(f"{precision}, one text of 15 tokens, threads: {count}: ms, median", time)
    for path, precision, rows, least, largest in kernel_rows(results.get("kernels", [])):
        name = "float32 products with weights in float16" if precision == "float16" else f"{precision} products"
        table.note(f"{name}, {rows} rows, {path}: share of the peak", f"{least:.0%} to {largest:.0%}")
    for line in results.get("kernels", []):
        if "us_per_token" in line:
            text = f"a text of {line['tokens']} tokens, {line['path']}"
            name = f"{line['kernel']} alone, {text}: microseconds a token and thread"
            table.add(name, line["us_per_token"])
        if line["kernel"] == "adamw":
            name = f"a step of AdamW, {line['path']}: bytes read a second beside a loop that only reads"
            table.note(name, f"{line['share_of_memory']:.0%}")
    return f"{table}\n\n{caption(results)}"
