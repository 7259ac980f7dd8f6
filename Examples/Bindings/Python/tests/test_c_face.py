# SPDX-License-Identifier: Apache-2.0
"""The functions of swiftlet.h, called as C calls them. Every mistake must be an error with a text. Python alone."""
import array
import ctypes
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest

from places import HEADER, MODEL, PAGE, SMALL_MODEL, bare_model, embed
from swiftlet_embed import _library

LIB = _library.library()
MOST = (1 << 63) - 1


def message_of(call, size=1000):
    """What `call`, given memory for a text and its size, returns, and the text."""
    memory = ctypes.create_string_buffer(b"\xff" * max(size, 0), max(size, 0) + 8)
    result = call(memory, size)
    return result, memory.raw


def opened(folder, precision=b"float32", threads=1, size=1000):
    """The handle and the text."""
    result, memory = message_of(lambda text, size: LIB.swiftlet_open(folder, precision, threads, text, size), size)
    return result, memory.split(b"\0")[0].decode()


def packed(texts):
    """Offsets and bytes of texts."""
    data = b"".join(texts)
    offsets = array.array("i", [0])
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    return offsets, data


class Call:
    """The arguments of `swiftlet_encode` for some texts, to be changed."""

    def __init__(self, handle, texts=(b"one", b"two words"), format=b"float32"):
        self.handle, self.count, self.format = handle, len(texts), format
        self.kept_offsets, self.kept_data = packed(texts)
        self.offsets = self.kept_offsets.buffer_info()[0]
        self.data, self.data_size = ctypes.cast(self.kept_data, ctypes.c_void_p).value, len(self.kept_data)
        row = max(LIB.swiftlet_row_size(handle, format), 0)
        # With bytes behind the end, which nothing may touch.
        self.kept_output = bytearray(b"\xaa" * (row * self.count + 64))
        self.output, self.output_size = address(self.kept_output), row * self.count
        self.kept_truncated = bytearray(b"\x07" * (self.count + 1))
        self.truncated = address(self.kept_truncated)

    def with_offsets(self, *offsets):
        self.kept_offsets = array.array("i", offsets)
        self.offsets = self.kept_offsets.buffer_info()[0]
        return self

    def run(self, size=1000):
        """The result and the text."""
        result, memory = message_of(lambda error, size: LIB.swiftlet_encode(
            self.handle, self.count, self.offsets, self.data, self.data_size, self.format, self.output,
            self.output_size, self.truncated, error, size), size)
        return result, memory.split(b"\0")[0].decode()

    def vectors(self):
        """The bytes of a call that must succeed."""
        result, error = self.run()
        if result != 0 or error:
            raise AssertionError(error)
        if self.kept_output[self.output_size:] != b"\xaa" * (len(self.kept_output) - self.output_size):
            raise AssertionError("bytes behind the output were changed")
        return bytes(self.kept_output[:self.output_size])


def address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def change(call, **arguments):
    for name, value in arguments.items():
        setattr(call, name, value)
    return call


class Opening(unittest.TestCase):
    def test_version_is_that_of_the_header(self):
        [version] = re.findall(r"#define SWIFTLET_ABI (\d+)", HEADER.read_text())
        self.assertEqual([LIB.swiftlet_abi(), _library.ABI], [int(version)] * 2)

    def test_mistakes_have_a_text(self):
        folder = os.fsencode(SMALL_MODEL)
        for arguments, text in [
            ((None,), "folder is a null pointer"),
            ((folder, None), "precision is a null pointer"),
            ((b"\xff\xfe",), "folder is not UTF-8"),
            ((folder, b"\xff"), "precision is not UTF-8"),
            ((folder, b"float64"), 'unknown precision "float64"; give one of float32, bfloat16, int8'),
            ((folder, b""), 'unknown precision ""'),
            ((folder, b"\n" * 5000), 'unknown precision "\\n'),
            ((folder, b"float32", -1), "-1 threads"),
            ((folder, b"float32", 1025), "1025 threads"),
            ((folder, b"float32", -(1 << 31)), "threads"),
            ((b"",), ""),
            ((b"/nowhere/at/all",), "/nowhere/at/all"),
            ((os.fsencode(HEADER),), "swiftlet.h"),
            ((os.fsencode(HEADER.parent),), "config.json"),
            ((b"a" * 100_000,), "a"),
        ]:
            with self.subTest(arguments=str(arguments)[:80]):
                handle, error = opened(*arguments)
                self.assertEqual(handle, 0)
                self.assertIn(text, error)
                self.assertTrue(error)
                self.assertNotIn("\n", error)

    def test_texts_are_cut_between_characters(self):
        path = ("/nowhere/" + "é" * 20 + "漢" * 20 + "👩" * 20).encode()
        _, whole = opened(path)
        self.assertIn("👩" * 20, whole)
        for size in range(1, len(whole.encode()) + 4):
            result, memory = message_of(lambda text, size: LIB.swiftlet_open(path, b"float32", 1, text, size), size)
            text = memory.split(b"\0")[0]
            self.assertLess(len(text), size)
            self.assertGreater(len(text) + 5, min(size, len(whole.encode())))
            self.assertTrue(whole.startswith(text.decode()))  # decodes: no half of a character
        for size in 0, -1, -MOST - 1:
            result, memory = message_of(lambda text, _: LIB.swiftlet_open(path, b"float32", 1, text, size), 0)
            self.assertEqual((result, memory), (0, bytes(8)))
        self.assertEqual(LIB.swiftlet_open(path, b"float32", 1, None, 1000), 0)

    def test_unknown_and_closed_encoders(self):
        handle, _ = opened(os.fsencode(SMALL_MODEL))
        self.assertGreater(LIB.swiftlet_dimension(handle), 0)
        LIB.swiftlet_close(handle)
        for wrong in 0, -1, 1, handle, handle + 1, handle ^ 1 << 40, MOST, -MOST - 1:
            LIB.swiftlet_close(wrong)
            self.assertEqual(LIB.swiftlet_dimension(wrong), -1)
            self.assertEqual(LIB.swiftlet_row_size(wrong, b"float32"), -1)
            result, error = Call(wrong).run()
            self.assertEqual(result, 1)
            self.assertIn(f"encoder {wrong} is not open in this process", error)

    def test_sizes_of_rows(self):
        handle, _ = opened(os.fsencode(MODEL))
        sizes = [LIB.swiftlet_row_size(handle, format) for format in (b"float32", b"int8", b"bits", b"x", b"", None, b"\xff")]
        self.assertEqual(sizes, [1536, 388, 48, -1, -1, -1, -1])
        LIB.swiftlet_close(handle)

    def test_warnings_are_given(self):
        with bare_model() as folder:
            handle, text = opened(os.fsencode(folder))
            self.assertGreater(handle, 0)
            self.assertIn("modules.json", text)
            LIB.swiftlet_close(handle)


class Encoding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.handle, error = opened(os.fsencode(SMALL_MODEL))
        if error:
            raise AssertionError(error)

    @classmethod
    def tearDownClass(cls):
        LIB.swiftlet_close(cls.handle)

    def check(self, call, text):
        result, error = call.run()
        self.assertEqual(result, 1, error)
        self.assertIn(text, error)
        self.assertNotIn("\n", error)
        for size in 0, -1, 1, 5:
            self.assertEqual(call.run(size)[0], 1)
        self.assertEqual(call.kept_output, b"\xaa" * len(call.kept_output))

    def test_good_calls(self):
        whole = Call(self.handle, [b"one", b"", "zwei Wörter, 漢字".encode(), b"a\0b", b"one"]).vectors()
        row = len(whole) // 5
        self.assertEqual(whole[:row], whole[4 * row:])
        self.assertEqual(Call(self.handle, [b"one"]).vectors(), whole[:row])
        self.assertEqual(change(Call(self.handle, [b"one"]), truncated=None).vectors(), whole[:row])
        # Offsets need not start at 0 nor data end with the last text.
        later = change(Call(self.handle, [b"xx", b"one", b"yy"]), count=1)
        later.offsets += 4
        self.assertEqual(later.vectors()[:row], whole[:row])

    def test_no_texts_and_empty_texts_need_no_memory(self):
        nothing = change(Call(self.handle, []), offsets=None, data=None, output=None, truncated=None)
        self.assertEqual(nothing.run(), (0, ""))
        empty = change(Call(self.handle, [b"", b""]), data=None)
        self.assertEqual(empty.vectors(), Call(self.handle, [b"", b""]).vectors())

    def test_pointers_need_not_be_aligned(self):
        texts = [b"one", b"two words"]
        call = Call(self.handle, texts)
        expected = call.vectors()
        memory = bytearray(b"\0") + call.kept_offsets.tobytes()
        call.offsets = address(memory) + 1
        call.kept_output = bytearray(len(call.kept_output) + 1)
        call.output = address(call.kept_output) + 1
        self.assertEqual(call.run(), (0, ""))
        self.assertEqual(call.kept_output[1:1 + len(expected)], expected)

    def test_null_pointers(self):
        self.check(change(Call(self.handle), offsets=None), "offsets is a null pointer")
        self.check(change(Call(self.handle), data=None), "data is a null pointer")
        self.check(change(Call(self.handle), output=None), "output is a null pointer")
        self.check(change(Call(self.handle), format=None), "format is a null pointer")

    def test_formats(self):
        self.check(change(Call(self.handle), format=b"float64"), 'unknown format "float64"; give one of float32, int8, bits')
        self.check(change(Call(self.handle), format=b"\xff"), "format is not UTF-8")

    def test_sizes(self):
        for count in -1, -MOST - 1:
            self.check(change(Call(self.handle), count=count), f"count is {count}")
        for size in -1, -MOST - 1:
            self.check(change(Call(self.handle), data_size=size), f"data_size is {size}")
            self.check(change(Call(self.handle), output_size=size), f"output_size is {size}")
        call = Call(self.handle)
        self.check(change(call, output_size=call.output_size - 1), f"{call.count} texts need {call.output_size + 1} bytes")
        self.check(change(Call(self.handle), output_size=0), "output_size is 0")
        for count in 3, 1 << 32, 1 << 50:
            self.check(change(Call(self.handle), count=count), f"{count} texts need")
        # The product of count and dimension overflows.
        for count in MOST, MOST // 4, MOST // 60:
            for format in b"float32", b"int8":
                call = change(Call(self.handle, format=format), count=count, output_size=MOST)
                self.check(call, f"{count} texts need more than there can be")

    def test_offsets(self):
        for offsets, text in [
            ((-1, 3, 12), "offset 0 is -1"), ((13, 13, 13), "offset 0 is 13; data has 12 bytes"),
            ((0, 13, 12), "offset 1 is 13"), ((0, 3, 13), "offset 2 is 13"),
            ((0, 3, 2), "offset 2 is 2; the one before it is 3"), ((0, -3, 12), "offset 1 is -3"), ((0, 3, -(1 << 31)), "offset 2"), ((0, 3, (1 << 31) - 1), "offset 2"),
            ((-(1 << 31), -(1 << 31), 0), "offset 0"),
        ]:
            with self.subTest(offsets=offsets):
                self.check(Call(self.handle).with_offsets(*offsets), text)
        self.check(change(Call(self.handle), data_size=11), "offset 2 is 12; the one before it is 3; data has 11 bytes")

    def test_texts_that_are_not_utf8(self):
        for text in [
            b"\xff", b"a\xc3", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\x80", b"\xf0\x9f\x91",
        ]:
            self.check(Call(self.handle, [b"fine", text, b"fine"]), "text 1 is not UTF-8")
        # Cut in the middle of a character.
        self.check(Call(self.handle, ["é".encode(), b"x"]).with_offsets(0, 1, 3), "text 0 is not UTF-8")

    def test_long_texts_are_cut_and_marked(self):
        call = Call(self.handle, [b"one", b"word " * 20_000, b"two"])
        call.vectors()
        self.assertEqual(call.kept_truncated, b"\0\1\0\x07")

    def test_integers_and_bits_follow_from_the_numbers(self):
        texts = [line.encode() for line in PAGE.read_text(encoding="utf-8").split("\n")[:9]]
        size = LIB.swiftlet_dimension(self.handle)
        numbers = struct.unpack(f"={len(texts) * size}f", Call(self.handle, texts).vectors())
        vectors = [numbers[start:start + size] for start in range(0, len(numbers), size)]
        whole = Call(self.handle, texts, b"int8").vectors()
        scales = struct.unpack(f"={len(texts)}f", whole[:4 * len(texts)])
        codes = struct.unpack(f"={len(texts) * size}b", whole[4 * len(texts):])
        for index, vector in enumerate(vectors):
            # Rounded to float32: of a quotient in double that is exactly the float32 quotient.
            scale = rounded(max(map(abs, vector)) / 127)
            self.assertEqual(scales[index], scale)
            self.assertEqual(
                list(codes[index * size:(index + 1) * size]), [round(rounded(x / scale)) for x in vector])
        bits = Call(self.handle, texts, b"bits").vectors()
        expected = b"".join(
            int("".join("01"[x > 0] for x in vector).ljust((size + 7) // 8 * 8, "0"), 2).to_bytes((size + 7) // 8, "big")
            for vector in vectors)
        self.assertEqual(bits, expected)

    def test_many_texts_go_in_pieces(self):
        texts = [f"text {number % 97}".encode() for number in range(9000)]
        whole = Call(self.handle, texts).vectors()
        row = len(whole) // len(texts)
        for number in 0, 1, 4095, 4096, 8191, 8192, 8999:
            self.assertEqual(Call(self.handle, [texts[number]]).vectors(), whole[number * row:(number + 1) * row])
        # Of the second piece, though the first one is embedded by then.
        result, error = Call(self.handle, [*texts[:5000], b"\xff"]).run()
        self.assertEqual((result, error), (1, "text 5000 is not UTF-8"))

    def test_many_threads(self):
        texts = [line.encode() for line in PAGE.read_text(encoding="utf-8").split("\n")]
        expected, wrong = Call(self.handle, texts).vectors(), []

        def work(number):
            for _ in range(5):
                own, _ = opened(os.fsencode(SMALL_MODEL), threads=number % 3)
                if Call(self.handle, texts).vectors() != expected or Call(own, texts).vectors() != expected:
                    wrong.append(number)
                LIB.swiftlet_close(own)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_closing_takes_nothing_from_calls_under_way(self):
        handle, _ = opened(os.fsencode(SMALL_MODEL))
        texts = [b"some words here"] * 20_000
        expected = Call(handle, texts).vectors()
        call, results = Call(handle, texts), []
        thread = threading.Thread(target=lambda: results.append(call.run()))
        thread.start()
        while thread.is_alive() and call.kept_output[:8] == b"\xaa" * 8:
            pass
        LIB.swiftlet_close(handle)
        thread.join()
        self.assertEqual(results, [(0, "")])
        self.assertEqual(call.kept_output[:call.output_size], expected)


class Forking(unittest.TestCase):
    def in_child(self, body):
        """What `body` returns in a child of fork(), as text; fails after a minute."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(body()).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = []
            thread = threading.Thread(target=lambda: answer.append(pipe.read().decode()))
            thread.start()
            thread.join(60)
            if thread.is_alive():
                os.kill(child, 9)
            os.waitpid(child, 0)
        self.assertTrue(answer, "the child does not answer")
        return answer[0]

    def test_the_parents_encoders_are_an_error_in_the_child(self):
        handle, _ = opened(os.fsencode(SMALL_MODEL), threads=0)
        call = Call(handle)
        expected = call.vectors()

        def child():
            parents = call.run()
            sizes = LIB.swiftlet_dimension(handle), LIB.swiftlet_row_size(handle, b"float32")
            LIB.swiftlet_close(handle)
            shared = opened(os.fsencode(SMALL_MODEL), threads=0)
            own, _ = opened(os.fsencode(SMALL_MODEL), threads=2)
            return parents, sizes, shared, own != handle and Call(own).vectors() == expected

        (result, error), sizes, (shared, shared_error), is_equal = eval(self.in_child(child))
        self.assertEqual((result, sizes, shared, is_equal), (1, (-1, -1), 0, True))
        self.assertIn("opened before fork()", error)
        self.assertIn("give a number of threads", shared_error)
        # The parent goes on.
        self.assertEqual(call.vectors(), expected)
        LIB.swiftlet_close(handle)

    def test_forking_while_threads_compute(self):
        handle, _ = opened(os.fsencode(SMALL_MODEL), threads=2)
        texts = [b"some words here"] * 500
        expected, stop = Call(handle, texts).vectors(), threading.Event()

        def work():
            while not stop.is_set():
                Call(handle, texts).run()
                LIB.swiftlet_close(opened(os.fsencode(SMALL_MODEL), threads=1)[0])

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()

        def child():
            own, _ = opened(os.fsencode(SMALL_MODEL), threads=2)
            return Call(handle).run()[0], Call(own, texts).vectors() == expected

        try:
            for _ in range(10):
                self.assertEqual(self.in_child(child), "(1, True)")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        LIB.swiftlet_close(handle)


class Bits(unittest.TestCase):
    def test_vectors_are_those_of_embed(self):
        lines = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        texts = [line.encode() for line in lines]
        for precision in "float32", "int8":
            expected = embed(lines, "--precision", precision)
            for threads in 1, 2:
                handle, _ = opened(os.fsencode(MODEL), precision.encode(), threads)
                row = LIB.swiftlet_row_size(handle, b"float32")
                self.assertEqual(Call(handle, texts).vectors(), expected)
                for size in 1, 7:
                    parts = [Call(handle, texts[start:start + size]).vectors() for start in range(0, len(texts), size)]
                    self.assertEqual(b"".join(parts), expected)
                self.assertEqual(len(expected), row * len(texts))
                LIB.swiftlet_close(handle)


class Example(unittest.TestCase):
    @unittest.skipIf(shutil.which("cc") is None, "needs a C compiler")
    def test_example_compiles_and_gives_the_vectors_of_embed(self):
        source, library = HEADER.parents[3] / "example.c", pathlib.Path(_library.__file__).parent
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, "-I", HEADER.parent, "-L", library,
                 "-lswiftlet", f"-Wl,-rpath,{library}", "-o", f"{folder}/example"], check=True)
            # The header is C++, too.
            subprocess.run(["cc", "-fsyntax-only", "-Wall", "-Werror", "-x", "c++", HEADER], check=True)

            def run(*arguments):
                return subprocess.run([f"{folder}/example", *arguments], capture_output=True, text=True)

            texts = ["A man is eating food.", "", "漢字"]
            result = run(MODEL, *texts)
            numbers = [float(number) for number in result.stdout.split()]
            self.assertEqual((struct.pack(f"={len(numbers)}f", *numbers), result.stderr), (embed(texts), ""))
            result = run("/nowhere", "text")
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn("/nowhere", result.stderr)


def rounded(x):
    return struct.unpack("=f", struct.pack("=f", x))[0]


if __name__ == "__main__":
    unittest.main()
