# SPDX-License-Identifier: Apache-2.0
"""`Encoder` with Python's texts, without any package."""
import gc
import json
import os
import re
import subprocess
import unittest

from places import MODEL, PAGE, PROGRAMS, ROOT, SMALL_MODEL, bare_model, embed
import swiftlet_embed
from swiftlet_embed import Encoder, SwiftletError, shared_encoder

LINES = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def truncated_by_embed(lines):
    """The indices of the lines that the program `embed` cuts."""
    output = subprocess.run(
        [PROGRAMS / "embed", "--model", MODEL, "--input", "-", "--quiet"], input="".join(f"{line}\n" for line in lines),
        stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return [index for index, line in enumerate(output.splitlines()) if json.loads(line)["truncated"]]


class EncoderTests(unittest.TestCase):
    def test_vectors_are_those_of_embed(self):
        for precision in "float32", "int8":
            vectors, truncated = Encoder(MODEL, precision=precision).encode(LINES)
            self.assertEqual(vectors.tobytes(), embed(LINES, "--precision", precision))
            self.assertEqual((vectors.shape, vectors.format), ((len(LINES), 384), "f"))
            self.assertEqual(truncated, truncated_by_embed(LINES))

    def test_views(self):
        with Encoder(str(SMALL_MODEL), threads=1) as encoder:
            vectors, _ = encoder.encode(("one", "two", "one"))
            self.assertEqual(vectors.shape, (3, encoder.dimension))
            self.assertEqual(vectors.tolist()[0], vectors.tolist()[2])
            self.assertNotEqual(vectors.tolist()[0], vectors.tolist()[1])
            self.assertEqual(vectors[1, 3], vectors.tolist()[1][3])
            nothing, _ = encoder.encode([])
            self.assertEqual((nothing.tolist(), nothing.shape), ([], (0,)))
        with self.assertRaisesRegex(SwiftletError, "is not open"):
            encoder.encode(["one"])
        encoder.close()

    def test_truncated(self):
        encoder = Encoder(SMALL_MODEL, threads=1)
        self.assertEqual(encoder.encode(["a", "b " * 1000, "c", "d " * 100_000])[1], [1, 3])

    def test_texts_that_are_no_texts(self):
        encoder = Encoder(SMALL_MODEL, threads=1)
        with self.assertRaises(UnicodeEncodeError):  # a lone surrogate, as os.fsdecode makes
            encoder.encode(["fine", "\udcff"])
        for wrong in [None], [b"bytes"], [1], None, 5, "a text":
            with self.assertRaises((AttributeError, TypeError)):
                encoder.encode(wrong)

    def test_models_that_are_none(self):
        for model, precision, threads, words in [
            ("/nowhere", "float32", None, "/nowhere"), (SMALL_MODEL, "float16", None, "unknown precision"),
            (SMALL_MODEL, "float32", -1, "threads"), (os.fsdecode(b"/\xff"), "float32", None, "not UTF-8"),
        ]:
            with self.assertRaisesRegex(SwiftletError, words):
                Encoder(model, precision=precision, threads=threads)
        gc.collect()

    def test_warnings_of_the_model(self):
        with bare_model() as folder, self.assertWarnsRegex(UserWarning, "modules.json"):
            Encoder(folder, threads=1)

    def test_shared(self):
        first = shared_encoder(SMALL_MODEL, threads=1)
        self.assertIs(first, shared_encoder(str(SMALL_MODEL), threads=1))
        self.assertIsNot(first, shared_encoder(SMALL_MODEL, threads=2))
        self.assertIsNot(first, shared_encoder(SMALL_MODEL, threads=1, precision="int8"))

    def test_version_is_that_of_the_library(self):
        [version] = re.findall(r'swiftletVersion = "(.+)"', (ROOT / "Sources/Swiftlet/Swiftlet.swift").read_text())
        project = (ROOT / "Examples/Bindings/Python/pyproject.toml").read_text()
        self.assertEqual(swiftlet_embed.__version__, version)
        self.assertIn(f'\nversion = "{version}"\n', project)


if __name__ == "__main__":
    unittest.main()
