#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two steps of docs.sh that docc does not do: one symbol graph for all modules, and checks of the site.

    documentation.py graph GRAPHS       writes GRAPHS/Swiftlet.symbols.json, from the modules that swift build has made
    documentation.py check SITE         exits with 1 if a public symbol has no comment or no group, or a link leads nowhere

The graph has what a program can name: the types that `import Swiftlet` gives and those of the product SwiftletFiles. docc
takes them for one module, Swiftlet, so that articles and comments link to a type wherever it is declared.
"""

import json
import pathlib
import sys
import tempfile

from check_public import exported, modules, output, symbol_graphs

# The modules of the second product, which programs import by name.
FILES = {"SwiftletFiles", "SwiftletWeights"}


def write_graph(folder):
    whole_modules, names = exported()
    shown_modules = whole_modules | FILES | {"Swiftlet"}
    built = pathlib.Path(output("swift", "build", "--show-bin-path"))
    own = set(modules())
    merged = None
    for module in modules():
        with tempfile.TemporaryDirectory() as temporary:
            graphs = symbol_graphs(module, pathlib.Path(temporary), built)
        for graph in graphs:
            merged = merged or {**graph, "symbols": [], "relationships": []}
            shown = set()
            for symbol in graph["symbols"]:
                # A graph of extensions has members of another module's types.
                extended = symbol.get("swiftExtension", {}).get("extendedModule", module)
                root = symbol["pathComponents"][0]
                if extended not in shown_modules and f"{extended}.{root}" not in names:
                    continue
                shown.add(symbol["identifier"]["precise"])
                merged["symbols"].append(symbol)
                # docc checks the comments of this module alone, and names other modules on the page.
                if symbol.get("docComment", {}).get("module") in own:
                    symbol["docComment"]["module"] = "Swiftlet"
                if extended in own and "swiftExtension" in symbol:
                    symbol["swiftExtension"]["extendedModule"] = "Swiftlet"
            merged["relationships"] += [link for link in graph["relationships"] if link["source"] in shown]
    merged["module"]["name"] = "Swiftlet"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Swiftlet.symbols.json").write_text(json.dumps(merged))


def values(tree, key):
    """All values of a key, at any depth."""
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for child in tree.values():
            yield from values(child, key)
    elif isinstance(tree, list):
        for child in tree:
            yield from values(child, key)


def broken_links(page, pages, site):
    references = page["references"]
    content = {key: part for key, part in page.items() if key != "references"}
    for name in set(filter(lambda name: isinstance(name, str), values(content, "identifier"))) - set(references):
        if name != page["identifier"]["url"]:
            yield name
    for reference in references.values():
        for variant in reference.get("variants", []):
            if "url" in variant and not (site / variant["url"].lstrip("/")).is_file():
                yield variant["url"]
        link = reference.get("url", "")
        if not link or link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = pages.get(path.lower())
        is_there = target and (site / path.lower().lstrip("/") / "index.html").is_file()
        if not is_there or anchor and anchor not in set(values(target, "anchor")):
            yield link


def check(site):
    data = site / "data"
    pages = {}
    for path in sorted(data.rglob("*.json")):
        pages["/" + str(path.relative_to(data).with_suffix(""))] = json.loads(path.read_text())
    faults = []
    symbols = [path for path, page in pages.items() if page["kind"] == "symbol"]
    without = [path for path in symbols if not pages[path].get("abstract")]
    faults += [f"no comment: {path}" for path in without]
    root = pages["/documentation/swiftlet"]
    for group in root["topicSections"]:
        if group.get("generated"):  # docc's own groups, of what no group of ours has
            faults += [f"in no group: {name}" for name in group["identifiers"]]
    links = 0
    for path, page in pages.items():
        links += len(page["references"])
        faults += [f"{path}: broken link: {link}" for link in broken_links(page, pages, site)]
    print("\n".join(faults), end="\n" if faults else "")
    articles = sum(page["kind"] == "article" for page in pages.values())
    print(f"{len(symbols) - len(without)} of {len(symbols)} public symbols have a comment; "
          f"{articles} articles; {links} links on {len(pages)} pages; {len(faults)} faults")
    return 1 if faults else 0


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in {"graph", "check"}:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    sys.exit(write_graph(folder) if sys.argv[1] == "graph" else check(folder))


if __name__ == "__main__":
    main()
