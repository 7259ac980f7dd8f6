#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses code that needs macOS 26 or Swift 6.3, which a build on Linux with a newer compiler does not notice.

`Array.span`, `String.utf8.span`, `utf8Span` and `InlineArray` do not exist on macOS 15. The object files of a debug build
name the getters of the standard library that the code uses, so this script searches the library's object files.

What Swift 6.3 added is searched for by its words, in all packages whose tools version is older, but not in what
`#if compiler(>=6.3)` guards. That is no proof: only a build with Swift 6.2 is.

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

# What Swift 6.3 added to the language, the standard library and Swift Testing, by the number of the proposal. What it made
# of the same words (SE-0489), or for images in tests (ST-0014 to ST-0017), cannot be found or is of no use here.
SWIFT_6_3 = {
    "SE-0460: @specialized": r"@specialized?\b",
    "SE-0473: systemEpoch": r"\.systemEpoch\b",
    "SE-0481: weak let": r"\bweak let\b",
    "SE-0491: module selectors": r"\w::\w",
    "SE-0492: section control": r"@section\b|@used\b|\bobjectFormat\(",
    "SE-0495: @c": r"@c\b",
    "SE-0496: @inline(always)": r"@inline\(always\)",
    "SE-0497: @export": r"@export\(",
    "ST-0012: values captured by exit tests": r"\bprocessExitsWith:[^{\n]*\{ *\[[^\]]*\] in",
    "ST-0013: warnings of tests": r"\bIssue\.record\([^\n]*\bseverity:",
    "ST-0016: cancelled tests": r"\bTest\.cancel\(",
    "ST-0020: SourceLocation.filePath": r"\b[sS]ourceLocation\.filePath\b|#_sourceLocation\.filePath\b",
}


def run(*command, stdin=None):
    """What a program prints; a tool of the toolchain is found by xcrun on macOS."""
    command = ["xcrun", *command] if sys.platform == "darwin" and command[0] != "swift" else command
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, input=stdin).stdout


def old_swift(text):
    """A source file, line by line, without its comments and without what only a newer compiler reads."""
    conditions = []
    for line in text.split("\n"):
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        if word == "#if":
            conditions.append("compiler(>=6.3)" in line)
        elif word in ("#else", "#elseif"):
            conditions[-1] = False
        elif word == "#endif":
            conditions.pop()
        yield "" if any(conditions) else re.sub(r"(^|\s)//.*", "", line)


def newer_swift():
    """Lines that need Swift 6.3 in packages that promise Swift 6.2."""
    files = run("git", "ls-files", "*.swift").splitlines()
    packages = {}
    for file in files:
        if pathlib.Path(file).name == "Package.swift":
            version = re.match(r"// swift-tools-version: (\d+)\.(\d+)", (ROOT / file).read_text())
            packages[str(pathlib.Path(file).parent)] = (int(version[1]), int(version[2]))
    for file in files:
        # Without a manifest of its own, a folder belongs to the package around it.
        package = next(str(folder) for folder in pathlib.Path(file).parents if str(folder) in packages)
        if packages[package] >= (6, 3) or not (ROOT / file).exists():
            continue
        for number, line in enumerate(old_swift((ROOT / file).read_text()), 1):
            for feature, words in SWIFT_6_3.items():
                if re.search(words, line):
                    yield f"{file}:{number}: needs Swift 6.3, {feature}"


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
    for line in newer_swift():
        print(line)
        found += 1
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
