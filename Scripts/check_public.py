#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists public declarations that nothing outside the library uses, and counts the public ones.

Public is what users need: what README.md, the articles, Examples/, Fuzzing/, Benchmarks/ or Tests/PublicFaceTests/ name.
Anything else is `package` or internal. The check is by name: a declaration counts as used if its name stands anywhere in
these files, a type also if a used declaration mentions it. Declarations that cannot be less public than their type are not
listed: cases of enums, requirements of protocols and members that a protocol requires.

    swift build
    python3 Scripts/check_public.py            exits with 1 if a public declaration is unused
    python3 Scripts/check_public.py --list     also prints all public types behind `import Swiftlet`
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
        self.identifier = symbol["identifier"]["precise"]
        self.name = re.match(r"[^(]+|.+", self.path[-1]).group()
        self.labels = re.findall(r"(\w+):", self.path[-1])
        # The types in the declaration.
        fragments = symbol.get("declarationFragments", [])
        self.mentioned = {fragment["preciseIdentifier"] for fragment in fragments if "preciseIdentifier" in fragment}
        # The protocols that it requires of generic parameters.
        self.required = {
            constraint["rhsPrecise"]
            for part in ("swiftGenerics", "swiftExtension")
            for constraint in symbol.get(part, {}).get("constraints", []) if "rhsPrecise" in constraint
        }
        # Whether the declaration cannot be less public than its type.
        self.is_fixed = self.kind in {"swift.enum.case", "swift.associatedtype"}

    @property
    def is_type(self):
        return self.kind in TYPES

    @property
    def root(self):
        return self.path[0].split("(")[0]

    def is_named(self, text, words):
        if self.kind == "swift.init":
            labels = "|".join(f"{label}:" for label in self.labels if label != "_") or r"\)"
            first = "" if "_" in self.labels else rf"\s*(?:{labels}|\))"
            return re.search(rf"(?:\b{self.path[-2]}(?:<\w+>)?|\.init)\({first}", text) is not None
        if not re.match(r"\w", self.name):
            return f" {self.name} " in text or f"({self.name}" in text
        return self.name in words

    def __str__(self):
        return f"{self.module}.{'.'.join(self.path)}"


def declarations(folder, built):
    found = []
    for module in modules():
        graphs = symbol_graphs(module, folder, built)
        required = set()
        for relation in (relation for graph in graphs for relation in graph["relationships"]):
            if relation["kind"] in {"requirementOf", "optionalRequirementOf"} or "sourceOrigin" in relation:
                required.add(relation["source"])
        for symbol in (symbol for graph in graphs for symbol in graph["symbols"]):
            declaration = Declaration(symbol, module)
            declaration.is_fixed = declaration.is_fixed or declaration.identifier in required
            found.append(declaration)
    return found


def unused(found, text):
    """Declarations that the users' files do not name. A type is used as well if a used declaration mentions it."""
    words = set(re.findall(r"\w+", text))
    named = [declaration for declaration in found if declaration.is_fixed or declaration.is_named(text, words)]
    mentioned = set().union(*(declaration.mentioned for declaration in named if not declaration.is_type))
    mentioned |= set().union(*(declaration.required for declaration in named))
    used = {declaration.identifier for declaration in named} | mentioned
    return [declaration for declaration in found if declaration.identifier not in used]


def exported():
    """The modules and the names that `import Swiftlet` gives."""
    text = (ROOT / "Sources/Swiftlet/Swiftlet.swift").read_text()
    return (
        set(re.findall(r"^@_exported public import (\w+)$", text, re.M)),
        set(re.findall(r"^@_exported public import \w+ (\w+\.\w+)$", text, re.M)),
    )


def users_text():
    files = []
    for user in USERS:
        path = ROOT / user
        files += [path] if path.is_file() else sorted(path.rglob("*.swift")) + sorted(path.rglob("*.md"))
    # The pages that list all types use none.
    lists = {"Swiftlet.md", "SwiftletFiles.md"}
    return "\n".join(
        file.read_text() for file in files if ".build" not in file.parts and file.name not in lists)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the public types behind import Swiftlet")
    arguments = parser.parse_args()

    whole_modules, names = exported()
    built = pathlib.Path(output("swift", "build", "--show-bin-path"))
    with tempfile.TemporaryDirectory() as folder:
        found = declarations(pathlib.Path(folder), built)
    face = [
        declaration for declaration in found
        if declaration.module in whole_modules or f"{declaration.module}.{declaration.root}" in names
    ]
    if arguments.list:
        for declaration in face:
            if declaration.is_type:
                print(declaration)
    for title, group in [("import Swiftlet", face), ("all modules", found)]:
        types = [declaration for declaration in group if declaration.is_type]
        top = sum(len(declaration.path) == 1 for declaration in types)
        print(f"{title}: {top} top-level types, {len(types)} types, {len(group)} declarations")
    missing = names - {f"{declaration.module}.{declaration.root}" for declaration in found}
    unnamed = unused(found, users_text())
    for name in sorted(missing):
        print(f"exported but not public: {name}")
    for declaration in unnamed:
        print(f"public but unused: {declaration}")
    sys.exit(1 if unnamed or missing else 0)


if __name__ == "__main__":
    main()
