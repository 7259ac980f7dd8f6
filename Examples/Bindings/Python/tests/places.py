# SPDX-License-Identifier: Apache-2.0
"""Where the tests find things in the repository. Imported by them."""
import contextlib
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[4]
HEADER = ROOT / "Examples/Bindings/C/Sources/CSwiftletFace/include/swiftlet.h"
PROGRAMS = ROOT / "Examples/.build/release"
MODEL = ROOT / "weights/all-MiniLM-L6-v2"
FIXTURES = ROOT / "Tests/SwiftletEncodersTests/Fixtures"
SMALL_MODEL = FIXTURES / "saved-by-reference/model"
PAGE = FIXTURES / "all-MiniLM-L6-v2/page.txt"

sys.path.insert(0, str(ROOT / "Examples/Bindings/Python/src"))


def embed(texts, *options, model=MODEL):
    """What the program `embed` writes for texts without line breaks: all vectors, float32, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        lines, vectors = pathlib.Path(folder, "texts.txt"), pathlib.Path(folder, "vectors.npy")
        lines.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        subprocess.run(
            [PROGRAMS / "embed", "--model", model, "--input", lines, "--output", vectors, "--format", "npy", "--quiet",
             *map(str, options)], check=True)
        return vectors.read_bytes()[128:]  # the length of its header


@contextlib.contextmanager
def bare_model():
    """A folder with a transformer alone, which has a warning."""
    with tempfile.TemporaryDirectory() as folder:
        for file in SMALL_MODEL.glob("*.*"):
            if file.name != "modules.json":
                shutil.copy(file, folder)
        yield folder


def digest(*parts):
    """A short name for bytes."""
    hash = hashlib.sha256()
    for part in parts:
        hash.update(part)
    return hash.hexdigest()[:16]
