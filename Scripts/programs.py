# SPDX-License-Identifier: Apache-2.0
"""Runs `embed` of Examples/ and `hidden-states` of Fuzzing/ on texts. Imported by the scripts here."""
import os
import pathlib
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "Examples" / ".build" / "release"
HIDDEN_STATES = ROOT / "Fuzzing" / ".build" / "release" / "hidden-states"


def embed(texts, *options, program=PROGRAMS / "embed", **environment):
    """[texts, dimension] float32. If the program fails, raises subprocess.CalledProcessError with its messages."""
    with tempfile.TemporaryDirectory() as folder:
        lines, vectors = pathlib.Path(folder) / "texts.txt", pathlib.Path(folder) / "vectors.npy"
        lines.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        subprocess.run(
            [program, "--input", lines, "--output", vectors, "--format", "npy", "--quiet", *options],
            check=True, stderr=subprocess.PIPE, text=True, env=os.environ | environment)
        return np.load(vectors)


def layer_states(folder, texts):
    """For each text [layers + 1, tokens, hidden], the states of the embeddings and of each layer of the model in a folder."""
    from safetensors.numpy import load_file  # callers of `embed` need no safetensors

    with tempfile.TemporaryDirectory() as temporary:
        output = pathlib.Path(temporary) / "states.safetensors"
        subprocess.run([HIDDEN_STATES, folder, output], input="\n".join(texts), encoding="utf-8", check=True)
        states = load_file(output)
        return [states[f"hidden.{index}"] for index in range(len(texts))]
