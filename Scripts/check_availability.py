#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses library code that needs macOS 26, which a build on Linux does not notice.

`Array.span`, `String.utf8.span`, `utf8Span` and `InlineArray` do not exist on macOS 15. The object files of a debug build
name the getters of the standard library that the code uses, so this script searches the object files.

    swift build
    python3 Scripts/check_availability.py
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A ContiguousArray's spans work on macOS 15, as do those of the types of spans.
REFUSED = re.compile(
    r"\bSwift\.((?!ContiguousArray)\w+(?:\.UTF8View)?\.(?:span|mutableSpan|utf8Span)\.getter|InlineArray\b|UTF8Span\b)")


def run(*command, stdin=None):
    """What a program prints; a tool of the toolchain is found by xcrun on macOS."""
    command = ["xcrun", *command] if sys.platform == "darwin" and command[0] != "swift" else command
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, input=stdin).stdout


def main():
    built = pathlib.Path(run("swift", "build", "--show-bin-path").strip())
    folders = [folder for folder in sorted(built.glob("Swiftlet*.build")) if not folder.name.endswith("Tests.build")]
    objects = [path for folder in folders for path in sorted(folder.rglob("*.o"))]
    if not objects:
        sys.exit(f"{built}: no object files; run swift build first")
    found = 0
    for path in objects:
        symbols = run("swift-demangle", stdin=run("llvm-nm" if sys.platform != "darwin" else "nm", path))
        names = {next(filter(None, match.groups())) for match in REFUSED.finditer(symbols)}
        for name in sorted(names):
            print(f"{path.parent.name}/{path.name}: {name} needs macOS 26")
            found += 1
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
