# SPDX-License-Identifier: Apache-2.0
"""Runs `embed` of Examples/ on texts. Imported by the scripts here."""
import os
import pathlib
import subprocess
import tempfile

import numpy as np

PROGRAMS = pathlib.Path(__file__).resolve().parent.parent / "Examples" / ".build" / "release"


def embed(texts, *options, program=PROGRAMS / "embed", **environment):
    """[texts, dimension] float32; a failure of the program is a subprocess.CalledProcessError that carries its words."""
    with tempfile.TemporaryDirectory() as folder:
        lines, vectors = pathlib.Path(folder) / "texts.txt", pathlib.Path(folder) / "vectors.npy"
        lines.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        subprocess.run(
            [program, "--input", lines, "--output", vectors, "--format", "npy", "--quiet", *options],
            check=True, stderr=subprocess.PIPE, text=True, env=os.environ | environment)
        return np.load(vectors)
