# SPDX-License-Identifier: Apache-2.0
"""The plots of what compare.py measured, as SVG on no background, in ink that follows the reader's light or dark."""
import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as pyplot

from table import ENGINES

INK = "#010203"  # stands for the page's color of text
COLORS = {
    "swiftlet": "#f05138", "pytorch": "#8e6bbf", "onnxruntime": "#6f8fb3", "openvino": "#4a9fd8",
    "ctranslate2": "#79a86b", "llamacpp": "#c9a227", "fastembed": "#b5838d"}
STYLE = """<style>:root { color: #1f2328 } @media (prefers-color-scheme: dark) { :root { color: #e6edf3 } }</style>"""

matplotlib.rcParams |= {
    "font.family": "sans-serif", "font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "swiftlet",
    "axes.spines.top": False, "axes.spines.right": False, "savefig.transparent": True, "legend.frameon": False,
    **dict.fromkeys(
        ["text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"], INK)}


def save(figure, path):
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    svg = buffer.getvalue().replace(INK, "currentColor")
    svg = re.sub(r"font: (\S+) [^;\"]*", r"font: \1 system-ui, sans-serif", svg)
    path.write_text(re.sub(r"(<svg [^>]*>)", lambda match: match[1] + "\n " + STYLE, svg, count=1), encoding="utf-8")


def throughput(results):
    """Tokens a second of each engine, a group of bars for each precision and length of texts."""
    figure, axes = pyplot.subplots(figsize=(8, 3.4))
    names, place = [], 0.0
    for precision in "float32", "bfloat16", "int8":
        for measured in results.get(precision, {}).values():
            bars = {"swiftlet": measured["swiftlet"], **measured["peers"]}
            tokens = measured["swiftlet"]["tokens"] / measured["swiftlet"]["texts"]
            names.append((place + (len(bars) - 1) / 2, f"{precision}\n{tokens:.0f} tokens"))
            for name, bar in bars.items():
                axes.bar(place, bar["tokens_per_s"] / 1000, 0.92, color=COLORS[name])
                place += 1
            place += 1
    for name in COLORS:
        axes.bar(0, 0, color=COLORS[name], label=ENGINES.get(name, "Swiftlet"))
    axes.set_xticks([x for x, _ in names], [label for _, label in names], fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("thousand tokens a second")
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=9)
    return figure


def scaling(results):
    """Left, the time by the number of tokens; right, the time of a token by the length of its text."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.2))
    totals = results["scaling"]["totals"]
    tokens, seconds = [point["tokens"] for point in totals], [point["seconds"] for point in totals]
    rate = seconds[-1] / tokens[-1]
    line = {"color": INK, "linewidth": 0.8, "linestyle": "--"}
    left.loglog(tokens, [rate * count for count in tokens], **line, label="proportional")
    left.loglog(tokens, seconds, "o", color=COLORS["swiftlet"], label="measured")
    left.set(xlabel="tokens in all", ylabel="seconds")
    points = results["scaling"]["lengths"]
    lengths = [point["tokens"] / point["texts"] for point in points]
    microseconds = [1e6 * point["seconds"] / point["tokens"] for point in points]
    # The bundled model's operations; see SentenceEncoder.encode.
    operations = [21.2 + 0.0092 * length for length in lengths]
    scale = sorted(time / count for time, count in zip(microseconds, operations))[len(points) // 2]
    right.plot(lengths, [scale * count for count in operations], **line, label="proportional to the operations")
    right.plot(lengths, microseconds, "o", color=COLORS["swiftlet"], label="measured")
    right.set(xlabel="tokens of a text", ylabel="microseconds a token", ylim=(0, 1.1 * max(microseconds)))
    left.legend(loc="upper left", fontsize=9)
    right.legend(loc="lower right", fontsize=9)
    figure.tight_layout()
    return figure


def draw(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    save(throughput(results), folder / "throughput.svg")
    if "scaling" in results:
        save(scaling(results), folder / "scaling.svg")
