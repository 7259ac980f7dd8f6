# SPDX-License-Identifier: Apache-2.0
"""`Encoder.encode_arrow` with arrays of all shapes. Left out where pyarrow is not installed."""
import array
import struct
import unittest

from places import PAGE, SMALL_MODEL
from swiftlet_embed import Encoder, SwiftletError

try:
    import pyarrow as pa
except ImportError:
    pa = None

LINES = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n")


@unittest.skipIf(pa is None, "needs pyarrow")
class ArrowTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.encoder = Encoder(SMALL_MODEL, threads=1)
        cls.size = cls.encoder.dimension
        view, truncated = cls.encoder.encode(LINES)
        cls.expected = view.tolist()
        cls.cut = [index in truncated for index in range(len(LINES))]

    def check(self, result, expected, cut):
        vectors, flags = result
        vectors.validate(full=True)
        flags.validate(full=True)
        self.assertEqual(vectors.to_pylist(), expected)
        self.assertEqual(flags.to_pylist(), cut)

    def test_types_of_strings(self):
        for kind in pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()):
            self.check(self.encoder.encode_arrow(pa.array(LINES).cast(kind)), self.expected, self.cut)
        self.check(self.encoder.encode_arrow(pa.nulls(3)), [None] * 3, [None] * 3)
        self.check(self.encoder.encode_arrow(pa.array([], pa.string())), [], [])
        for wrong in pa.array([1]), pa.array([b"x"]), pa.array([["x"]]):
            with self.assertRaisesRegex(TypeError, "give strings"):
                self.encoder.encode_arrow(wrong)

    def test_slices_nulls_and_chunks(self):
        self.check(self.encoder.encode_arrow(pa.array(LINES)[2:7]), self.expected[2:7], self.cut[2:7])
        texts, expected, cut = (
            [None if index % 3 == 1 else value for index, value in enumerate(values)]
            for values in (LINES, self.expected, self.cut))
        self.check(self.encoder.encode_arrow(pa.array(texts)), expected, cut)
        self.check(self.encoder.encode_arrow(pa.array(texts)[3:9]), expected[3:9], cut[3:9])
        self.check(self.encoder.encode_arrow(pa.array(texts)[4:4]), [], [])
        self.check(self.encoder.encode_arrow(pa.array([None, None], pa.string())), [None, None], [None, None])
        chunks = pa.chunked_array([texts[:4], texts[4:4], texts[4:]], pa.string())
        self.check(self.encoder.encode_arrow(chunks), expected, cut)
        self.check(self.encoder.encode_arrow(pa.chunked_array([], pa.string())), [], [])

    def test_what_lies_behind_a_null_is_not_read(self):
        offsets = array.array("i", [0, 1, 4, 5])
        nulls = pa.Array.from_buffers(
            pa.string(), 3, [pa.py_buffer(b"\5"), pa.py_buffer(offsets), pa.py_buffer(b"a\xff\xfe\xc3b")])
        [first, _, last] = self.encoder.encode_arrow(pa.array(["a", "x", "b"]))[0].to_pylist()
        self.check(self.encoder.encode_arrow(nulls), [first, None, last], [False, None, False])
        with self.assertRaisesRegex(SwiftletError, "text 1 is not UTF-8"):
            self.encoder.encode_arrow(
                pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(offsets), pa.py_buffer(b"a\xff\xfe\xc3b")]))

    def test_formats(self):
        texts = pa.array([LINES[0], None, "word " * 5000, *LINES[1:4]])
        vectors, cut = self.encoder.encode_arrow(texts)
        expected = vectors.to_pylist()
        self.assertEqual(cut.to_pylist(), [self.cut[0], None, True, *self.cut[1:4]])
        numbers = [vector and struct.pack(f"<{self.size}f", *vector) for vector in expected]
        self.check(self.encoder.encode_arrow(texts, format="binary"), numbers, cut.to_pylist())

        small, _ = self.encoder.encode_arrow(texts, format="int8")
        small.validate(full=True)
        self.assertEqual(small.type, pa.struct([("codes", pa.binary()), ("scale", pa.float32())]))
        for vector, value in zip(expected, small.to_pylist()):
            if vector is None:
                self.assertIsNone(value)
                continue
            codes = struct.unpack(f"{self.size}b", value["codes"])
            self.assertEqual(max(map(abs, codes)), 127)
            for x, code in zip(vector, codes):
                self.assertLessEqual(abs(x - code * value["scale"]), value["scale"] * 0.5001)

        bits, _ = self.encoder.encode_arrow(texts, format="bits")
        bits.validate(full=True)
        for vector, value in zip(expected, bits.to_pylist()):
            if vector is not None:
                self.assertEqual([x > 0 for x in vector], [bool(value[i // 8] >> 7 - i % 8 & 1) for i in range(self.size)])
        with self.assertRaisesRegex(ValueError, "unknown format 'float64'; give one of list, binary, int8, bits"):
            self.encoder.encode_arrow(texts, format="float64")


if __name__ == "__main__":
    unittest.main()
