#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists public declarations that nothing outside the library uses, and counts the public ones.

Public is what users need: what README.md, the articles, Examples/, Fuzzing/, Benchmarks/ or Tests/PublicFaceTests/ name.
Anything else is `package` or internal. The check is by name: a member counts as used if its name stands anywhere in these
files. Not listed are declarations that cannot be less public than their type: cases of enums, requirements of protocols,
members that a protocol requires.

    swift build
    Scripts/check_public.py            exits with 1 if a public declaration is unused
    Scripts/check_public.py --list     prints all public types behind `import Swiftlet`
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
USERS = ["README.md", "Sources/Swiftlet/Swiftlet.docc", "Examples", "Fuzzing", "Benchmarks", "Tests/PublicFaceTests"]
TYPES = {"swift.struct", "swift.class", "swift.enum", "swift.protocol", "swift.typealias", "swift.actor"}


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def modules():
    """The library's Swift modules, as Package.swift lists them."""
    manifest = (ROOT / "Package.swift").read_text()
    return re.findall(r'^  \("(\w+)", \[', manifest, re.M) + re.findall(r'^    "(\w+)",$', manifest, re.M)


def symbol_graphs(module, folder, built):
    """The graphs of a module: its own types and its extensions of others' types."""
    target = json.loads(output("swift", "-print-target-info"))["target"]["triple"]
    command = [
        "swift-symbolgraph-extract", "-module-name", module, "-I", built / "Modules", "-target", target,
        "-I", ROOT / "Sources/CSwiftletKernels/include", "-minimum-access-level", "public",
        "-skip-synthesized-members", "-output-dir", folder,
    ]
    if sys.platform == "darwin":
        command += ["-sdk", output("xcrun", "--show-sdk-path")]
    tool = output("xcrun", "--find", command[0]) if sys.platform == "darwin" else command[0]
    result = subprocess.run([tool, *map(str, command[1:])], capture_output=True, text=True)
    paths = [folder / f"{module}.symbols.json", *folder.glob(f"{module}@*.symbols.json")]
    if result.returncode != 0 or not paths[0].exists():
        sys.exit(f"{module}: no symbol graph; run swift build first\n{result.stderr}")
    return [json.loads(path.read_text()) for path in paths]


class Declaration:
    def __init__(self, symbol, module):
        self.kind = symbol["kind"]["identifier"]
        self.path = symbol["pathComponents"]
        self.module = module
        self.name = re.match(r"[^(]+|.+", self.path[-1]).group()
        self.labels = [label for label in re.findall(r"(\w+):", self.path[-1]) if label != "_"]

    @property
    def is_type(self):
        return self.kind in TYPES

    @property
    def is_fixed(self):
        """Whether its access follows from that of its type."""
        return self.kind in {"swift.enum.case", "swift.associatedtype"}

    def is_used(self, text, words):
        if self.kind == "swift.init":
            # The type's name with a parenthesis, and the first label where there is one.
            label = rf"\s*{self.labels[0]}:" if self.path[-1].startswith(f"init({self.labels[:1] and self.labels[0]}:") else ""
            return re.search(rf"\b{self.path[-2]}(<\w+>)?\({label}|\.init\({label}", text) is not None
        if not re.match(r"\w", self.name):
            return f" {self.name} " in text or f"({self.name}" in text
        return self.name in words

    def __str__(self):
        return f"{self.module}.{'.'.join(self.path)}"


def declarations(folder, built):
    for module in modules():
        graphs = symbol_graphs(module, folder, built)
        required = set()
        for relation in (relation for graph in graphs for relation in graph["relationships"]):
            if relation["kind"] in {"requirementOf", "optionalRequirementOf"} or "sourceOrigin" in relation:
                required.add(relation["source"])
        for symbol in (symbol for graph in graphs for symbol in graph["symbols"]):
            declaration = Declaration(symbol, module)
            yield declaration, declaration.is_fixed or symbol["identifier"]["precise"] in required


def exported():
    """The names that `import Swiftlet` gives."""
    text = (ROOT / "Sources/Swiftlet/Swiftlet.swift").read_text()
    return set(re.findall(r"^@_exported public import \w+ Swiftlet\w+\.(\w+)$", text, re.M))


def users_text():
    files = []
    for user in USERS:
        path = ROOT / user
        files += [path] if path.is_file() else sorted(path.rglob("*.swift")) + sorted(path.rglob("*.md"))
    return "\n".join(file.read_text() for file in files if ".build" not in file.parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the public types behind import Swiftlet")
    arguments = parser.parse_args()

    text, names = users_text(), exported()
    words = set(re.findall(r"\w+", text))
    built = pathlib.Path(output("swift", "build", "--show-bin-path"))
    with tempfile.TemporaryDirectory() as folder:
        found = list(declarations(pathlib.Path(folder), built))
    unused = [declaration for declaration, is_fixed in found if not is_fixed and not declaration.is_used(text, words)]

    everything = [declaration for declaration, _ in found]
    face = [declaration for declaration in everything if declaration.path[0].split("(")[0] in names]
    if arguments.list:
        for declaration in face:
            if declaration.is_type:
                print(declaration)
    for title, group in [("import Swiftlet", face), ("all modules", everything)]:
        types = [declaration for declaration in group if declaration.is_type]
        top = sum(len(declaration.path) == 1 for declaration in types)
        print(f"{title}: {top} top-level types, {len(types)} types, {len(group)} declarations")
    missing = names - {declaration.path[0].split("(")[0] for declaration in everything}
    for name in sorted(missing):
        print(f"exported but not public: {name}")
    for declaration in unused:
        print(f"public but unused: {declaration}")
    sys.exit(1 if unused or missing else 0)


if __name__ == "__main__":
    main()
