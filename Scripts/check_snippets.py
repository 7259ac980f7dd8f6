#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every Swift block of README.md and of the articles, without running it. A warning is an error.

Each block is a main.swift of its own, with `import Swiftlet` put before it where the block does not say so. It is compiled
with the modules that a debug build has left, up to and including the checks of initialization, ownership and data races.
Errors name file and line of the article. Comments before a block, which no reader sees, say what it needs:

    <!-- snippet: given let notes: [String] = [] -->     declarations, on one or several lines, that come before it
    <!-- snippet: continues -->                          it goes on with the block before it, in the same file
    <!-- snippet: in a function -->                      its names are local, as those of a type that is consumed must be
    <!-- snippet: inside SwiftletAutodiff -->            it is code of this module, and may use what is not public
    <!-- snippet: not compiled: a part of a manifest --> why it cannot be compiled

    swift build --build-tests
    python3 Scripts/check_snippets.py              exits with 1 if a block does not compile
    python3 Scripts/check_snippets.py Search.md    only the articles whose path has this in it
    python3 Scripts/check_snippets.py --list       the blocks, and what is said about each
"""

import argparse
import concurrent.futures
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

from check_public import ROOT, modules, output

ARTICLES = ROOT / "Sources/Swiftlet/Swiftlet.docc"
MARKER = re.compile(r"<!--\s*snippet:\s*(given|continues|in a function|inside|not compiled)(.*?)-->", re.S)
ORPHAN = "a comment about a snippet, and no block of Swift after it"
# The only modules whose names a program may import: the rest comes with Swiftlet.
PRODUCTS = ["Swiftlet", "SwiftletFiles", "SwiftletWeights"]


class Block:
    """A block of code, and what the comments before it say."""

    def __init__(self, article, line, code, markers):
        self.article, self.line, self.code = article, line, code
        self.given = "".join(f"{text.strip()}\n" for kind, text in markers if kind == "given")
        self.module = next((text.strip() for kind, text in markers if kind == "inside"), None)
        self.continues = any(kind == "continues" for kind, _ in markers)
        self.is_in_function = any(kind == "in a function" for kind, _ in markers)
        self.reason = next((text.strip(" :\n") for kind, text in markers if kind == "not compiled"), None)

    @property
    def place(self):
        return f"{self.article.relative_to(ROOT)}:{self.line}"

    def __str__(self):
        notes = [f"not compiled: {self.reason}"] if self.reason is not None else []
        notes += ["continues"] if self.continues else []
        notes += ["in a function"] if self.is_in_function else []
        notes += [f"inside {self.module}"] if self.module else []
        notes += [f"given {self.given.count(chr(10))} lines"] if self.given else []
        return f"{self.place}: {len(self.code)} lines{''.join(f'; {note}' for note in notes)}"


def fail(article, line, problem):
    sys.exit(f"{article.relative_to(ROOT)}:{line}: {problem}")


def blocks(article):
    """The Swift blocks of an article. A block's comments follow one another directly before it."""
    found, pending = [], ""
    lines = iter(enumerate(article.read_text().splitlines(), 1))
    for number, line in lines:
        fence = re.fullmatch(r"(\s*)(```+)\s*(\w*)[^`]*", line)
        if not fence:
            # Text between a comment and a block parts them.
            is_open = pending.count("<!--") > pending.count("-->")
            if is_open or line.startswith("<!-- snippet:"):
                pending += line + "\n"
            elif line.strip():
                if pending:
                    fail(article, number, ORPHAN)
            continue
        indent, ticks, language = fence.groups()
        code = []
        for _, inner in lines:
            if inner.strip() == ticks:
                break
            code.append(inner.removeprefix(indent))
        else:
            fail(article, number, "a block without an end")
        if language.lower() == "swift":
            markers = [match.groups() for match in MARKER.finditer(pending)]
            if len(markers) != pending.count("<!--"):
                fail(article, number, "a comment about this snippet is of no kind that the script knows")
            found.append(Block(article, number, code, markers))
        elif pending:
            fail(article, number, ORPHAN)
        pending = ""
    if pending:
        fail(article, number, ORPHAN)
    return found


def groups(all_blocks):
    """Blocks that become one file: each with those that continue it."""
    found = []
    for block in all_blocks:
        if block.reason is not None:
            if not block.reason:
                fail(block.article, block.line, "not compiled, without a reason")
        elif not block.continues:
            found.append([block])
        elif not found or found[-1][0].article != block.article:
            fail(block.article, block.line, "no block to continue")
        else:
            found[-1].append(block)
    return found


def source(group):
    """The file of some blocks, in which compilers see the articles' lines."""
    code = [line for block in group for line in block.code]
    module = group[0].module
    if module:
        imports = [f"{'@testable ' if name == module else ''}import {name}" for name in modules()
                   if name != "Swiftlet"]
    else:
        imports = [] if "import Swiftlet" in code else ["import Swiftlet"]
    # Imports stand at the top, also where the rest is in a function.
    imports += [line for line in code if line.startswith("import ")]
    text = "".join(f"{line}\n" for line in imports)
    text += "func example() async throws {\n" if group[0].is_in_function else ""
    for block in group:
        path = block.article.relative_to(ROOT)
        # A declaration that is given is reported at the line of the block that it is given for.
        for line in block.given.splitlines():
            text += f'#sourceLocation(file: "{path}", line: {block.line})\n{line}\n'
        text += f'#sourceLocation(file: "{path}", line: {block.line + 1})\n'
        text += "".join("\n" if line.startswith("import ") else f"{line}\n" for line in block.code)
    return text + "#sourceLocation()\n" + ("}\n" if group[0].is_in_function else "")


def package_name(built):
    """By which name the package manager compiled the modules: code that is inside one has to have the same."""
    plan = pathlib.Path(f"{built.parent.parent}/{built.name}.yaml")
    match = re.search(r'"-package-name","([^"]+)"', plan.read_text()) if plan.exists() else None
    return match.group(1) if match else ROOT.name.lower()


def compile(group, folder, built):
    """What the compiler says against some blocks; nothing if they are good."""
    path = folder / "main.swift"
    path.write_text(source(group))
    foreign = [name for block in group for line in block.code
               for name in re.findall(r"^import (Swiftlet\w*)$", line) if name not in PRODUCTS]
    if foreign and not group[0].module:
        return f"{group[0].place}: error: no product has the module {foreign[0]} for users\n"
    command = [
        "swiftc", "-emit-sil", "-Onone", "-o", os.devnull, "-module-name", "snippet", "-swift-version", "6",
        "-warnings-as-errors", "-I", built / "Modules", "-module-cache-path", built / "ModuleCache", path,
    ]
    for module_map in built.glob("*.build/module.modulemap"):
        command += ["-Xcc", f"-fmodule-map-file={module_map}"]
    if group[0].module:
        command += ["-package-name", package_name(built)]
    if sys.platform == "darwin":
        command = ["xcrun", *command, "-target", f"{platform.machine()}-apple-macosx15.0"]
    result = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stderr or f"{group[0].place}: swiftc failed\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="a part of the path of the articles to check")
    parser.add_argument("--list", action="store_true", help="print the blocks and compile nothing")
    arguments = parser.parse_args()

    articles = [ROOT / "README.md", *sorted(ARTICLES.glob("*.md"))]
    chosen = [article for article in articles
              if not arguments.only or any(part in str(article.relative_to(ROOT)) for part in arguments.only)]
    found = [block for article in chosen for block in blocks(article)]
    if arguments.list:
        print("\n".join(map(str, found)))
        return
    built = pathlib.Path(output("swift", "build", "--show-bin-path"))
    if not (built / "Modules/Swiftlet.swiftmodule").exists():
        sys.exit(f"{built}: no modules; run swift build --build-tests first")

    files = groups(found)
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = [pathlib.Path(work) / str(number) for number in range(len(files))]
        for folder in folders:
            folder.mkdir()
        complaints = list(pool.map(lambda pair: compile(*pair, built), zip(files, folders)))
    bad = [complaint for complaint in complaints if complaint]
    print("".join(bad), end="")
    left_out = sum(block.reason is not None for block in found)
    print(f"{len(found)} blocks of {len(chosen)} files: {len(files) - len(bad)} of {len(files)} programs compile, "
          f"{left_out} blocks left out")
    sys.exit(1 if bad or not found else 0)


if __name__ == "__main__":
    main()
