#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows what the tests notice: changes random operators and constants of Sources/, one at a time, and runs the tests.

usage: mutate.py build [FOLDER] [--count 100] [--seed 0]
       mutate.py run [FOLDER] [--seconds S]
       mutate.py report [FOLDER]

`build` copies the repository to FOLDER (.build/mutants), writes all mutants into the copy and builds it once, for debugging.
A mutant takes effect in a process whose SWIFTLET_MUTANT is its number. Mutants that do not compile are left out, and others
take their place; mutants.py says what is changed and how. Called again, `build` takes over changes of the repository, keeps the
mutants whose lines are still there, and forgets what `run` found out about survivors that may be noticed now.

`run` runs the tests of one module after another: the mutant's own, those above it, the others; but none that never reach the
changed code. It stops at the first failure. A crash counts as noticed, and so does a run that takes four times as long as
usual, and a minute. `run` goes on where the last call stopped; after S seconds it ends with status 3 if there is more to do.

`report` prints what noticed the mutants, the survivors and the score. A line "NUMBER WHY" in FOLDER/equivalent.txt says that a
mutant cannot change an output: it does not count. Takes half an hour. Linux.
"""
import argparse
import collections
import json
import os
import pathlib
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

from mutants import C, SWIFT, declaration, moved, mutated, sites

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
# In the order of the layers.
MODULES = ["CSwiftletKernels", "SwiftletFiles", "SwiftletTensors", "SwiftletAutodiff", "SwiftletWeights", "SwiftletTokenizers",
           "SwiftletEncoders", "SwiftletTraining", "SwiftletSearch", "Swiftlet"]
TESTS = [f"{name}Tests" for name in MODULES[1:-1]] + ["PublicFaceTests"]
# Of a run: the limit of its time, in times the usual and in seconds at least, and of its memory, in bytes.
TIMES, LEAST_SECONDS, MEMORY = 4, 60, 16 << 30


# The build


def write(path, text):
    """Leaves a file alone that has this text, which saves compiling."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_mutants(copy, mutants):
    by_file, by_module = collections.defaultdict(list), collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant["file"]].append(mutant)
        by_module[mutant["file"].split("/")[1]].append(mutant)
    for path in (copy / "Originals").rglob("*"):
        name = str(path.relative_to(copy / "Originals"))
        if path.is_file():
            text = mutated(path.read_text(encoding="utf-8"), by_file[name])
            if path.name == "CSwiftletKernels.h":
                text = "__attribute__((const)) int swiftlet_mutant(void);" + text
            write(copy / name, text)
    for module in MODULES[1:]:
        declarations = [declaration(mutant) for mutant in by_module[module]]
        write(copy / f"Sources/{module}/Mutants.swift", SWIFT + "\n".join(declarations) + "\n")
    write(copy / "Sources/CSwiftletKernels/mutants.c", C)


def copy_files(copy):
    """Copies what is new. The sources go to a folder of their own, from which the mutated ones are written."""
    shutil.rmtree(copy / "Originals", ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    names = {name for name in listed.stdout.split("\0") if (REPOSITORY / name).is_file()}
    for path in [*copy.glob("Sources/**/*"), *copy.glob("Tests/**/*")]:
        if path.is_file() and str(path.relative_to(copy)) not in names and path.name not in ("Mutants.swift", "mutants.c"):
            path.unlink()
    for name in sorted(names):
        source, is_source = REPOSITORY / name, re.match(r"Sources/.*\.(swift|c|inc|h)$", name)
        target = copy / ("Originals/" + name if is_source else name)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def choose(originals, count, seed):
    """More mutants than are needed, since some will not compile."""
    generator, found = random.Random(seed), sites(originals)
    print(f"{len(found)} sites")
    chosen = generator.sample(found, count * 3 // 2)
    return [site | {"number": place + 1, "new": generator.choice(site["new"])} for place, site in enumerate(chosen)]


def build(arguments):
    folder, copy = arguments.folder, arguments.folder / "copy"
    copy_files(copy)
    if (folder / "mutants.json").exists():
        mutants = [mutant for mutant in (moved(mutant, copy / "Originals") for mutant in read_mutants(folder)) if mutant]
    else:
        mutants = choose(copy / "Originals", arguments.count, arguments.seed)
    command = ["swift", "build", "--package-path", copy, "--build-tests"]
    while True:
        write_mutants(copy, mutants)
        output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if output.returncode == 0:
            break
        places = set(re.findall(r"(?m)^(/.*?):(\d+):\d+: error: ", output.stdout))
        errors = {(str(pathlib.Path(path).relative_to(copy.resolve())), int(line)) for path, line in places}
        wrong = set()
        for file, line in errors:
            # An error may be some lines away, in an expression of several lines.
            away = {mutant["number"]: abs(mutant["line"] - line) for mutant in mutants if mutant["file"] == file}
            wrong |= {number for number, lines in away.items() if lines == min(away.values())}
        if not wrong:
            sys.exit(output.stdout[-5000:])
        for mutant in mutants:
            if mutant["number"] in wrong:
                print("does not compile:", describe(mutant), flush=True)
        mutants = [mutant for mutant in mutants if mutant["number"] not in wrong]
    mutants = mutants[:arguments.count]
    (folder / "mutants.json").write_text(json.dumps(mutants, indent=1))
    equivalent = read_equivalent(folder)
    found = [result for number, result in read_results(folder).items() if result["ending"] or number in equivalent]
    (folder / "results.jsonl").write_text("".join(json.dumps(result) + "\n" for result in found))
    (folder / "baseline.json").unlink(missing_ok=True)
    print(f"{len(mutants)} mutants compile")


# The runs


def run_tests(copy, tests, limit, variables):
    """Runs the tests of a module until one fails: how that ended ("" if well), with what line, after how many seconds."""
    binary = next((copy / ".build/debug").glob("*.xctest"))
    command = [binary, "--testing-library", "swift-testing", "--filter", rf"^{tests}\."]
    begin, lines = time.monotonic(), queue.Queue()
    process = subprocess.Popen(
        command, cwd=copy, env=os.environ | {"SWIFT_BACKTRACE": "enable=no"} | variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))

    def read():
        for line in process.stdout:
            lines.put(line.decode(errors="replace"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    ending, last, passed = "crash", "", False
    try:
        while (line := lines.get(timeout=max(0.01, begin + limit - time.monotonic()))) is not None:
            last, passed = line.strip() or last, passed or "Test run with" in line and " passed after " in line
            if "✘" in line:
                ending = "failure"
                break
        else:
            ending = "" if process.wait(10) == 0 and passed else "crash"
    except (queue.Empty, subprocess.TimeoutExpired):
        ending = "time limit"
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return ending, last, round(time.monotonic() - begin, 1)


def read_mutants(folder):
    return json.loads((folder / "mutants.json").read_text())


def read_results(folder):
    """What happened to each mutant, by its number."""
    path = folder / "results.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {result["number"]: result for result in map(json.loads, lines)}


def read_equivalent(folder):
    """Why a mutant cannot change an output, by its number."""
    path = folder / "equivalent.txt"
    lines = [line.split(None, 1) for line in path.read_text().splitlines()] if path.exists() else []
    return {int(number): why for number, why in lines}


def run(arguments):
    folder, begin = arguments.folder, time.monotonic()
    copy = folder / "copy"
    mutants = read_mutants(folder)
    late = lambda: arguments.seconds is not None and time.monotonic() - begin > arguments.seconds
    path = folder / "baseline.json"
    baseline = json.loads(path.read_text()) if path.exists() else {}
    for tests in [name for name in TESTS if name not in baseline]:
        if late():
            sys.exit(3)
        trace = folder / "trace.txt"
        trace.unlink(missing_ok=True)
        ending, line, seconds = run_tests(copy, tests, 3600, {"SWIFTLET_MUTANT_TRACE": str(trace)})
        if ending:
            sys.exit(f"{tests} fails without a mutant: {ending}, {line}")
        reached = sorted(set(map(int, trace.read_text().split()))) if trace.exists() else []
        print(f"{tests}: {seconds} s, reaches {len(reached)} mutants", flush=True)
        baseline[tests] = {"seconds": seconds, "reached": reached}
        path.write_text(json.dumps(baseline))
    results = read_results(folder)
    for mutant in [mutant for mutant in mutants if mutant["number"] not in results]:
        if late():
            sys.exit(3)
        number, is_swift = mutant["number"], mutant["file"].endswith(".swift")
        result = {"number": number, "ending": "", "tests": [], "seconds": 0}
        layer = MODULES.index(mutant["file"].split("/")[1])
        for tests in TESTS[max(0, layer - 1):] + TESTS[:max(0, layer - 1)]:
            # Which mutants of the C module are reached is not recorded, since that would slow its loops.
            if is_swift and number not in baseline[tests]["reached"]:
                continue
            limit = max(LEAST_SECONDS, TIMES * baseline[tests]["seconds"])
            ending, line, seconds = run_tests(copy, tests, limit, {"SWIFTLET_MUTANT": str(number)})
            result["tests"].append(tests)
            result |= {"ending": ending, "line": line, "seconds": round(result["seconds"] + seconds, 1)}
            if ending:
                break
        with open(folder / "results.jsonl", "a") as file:
            file.write(json.dumps(result) + "\n")
        by = f"{result['ending']} in {result['tests'][-1]}" if result["ending"] else "SURVIVES"
        print(f"{describe(mutant)}: {by}, {result['seconds']} s", flush=True)


def describe(mutant):
    return f"{mutant['number']} {mutant['file']}:{mutant['line']}: {mutant['old']} -> {mutant['new']}"


def report(arguments):
    folder = arguments.folder
    results, equivalent = read_results(folder), read_equivalent(folder)
    mutants = [mutant for mutant in read_mutants(folder) if mutant["number"] in results]
    noticed = collections.Counter(
        (results[mutant["number"]]["tests"][-1], results[mutant["number"]]["ending"])
        for mutant in mutants if results[mutant["number"]]["ending"])
    for (tests, ending), count in sorted(noticed.items()):
        print(f"{count:4} {ending} in {tests}")
    for mutant in mutants:
        result = results[mutant["number"]]
        if result["ending"]:
            continue
        line = (folder / "copy/Originals" / mutant["file"]).read_text().splitlines()[mutant["line"] - 1]
        why = equivalent.get(mutant["number"], "SURVIVES" if result["tests"] else "SURVIVES, no test reaches it")
        print(f"\n{describe(mutant)}: {why}\n  {line.strip()}")
    counted = [mutant for mutant in mutants if results[mutant["number"]]["ending"] or mutant["number"] not in equivalent]
    total = sum(noticed.values())
    print(f"\n{total} of {len(counted)} noticed, {100 * total / max(1, len(counted)):.1f} %; "
          f"{len(mutants) - len(counted)} more cannot change an output")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in ("build", build), ("run", run), ("report", report):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("folder", type=pathlib.Path, nargs="?", default=REPOSITORY / ".build/mutants")
        if name == "build":
            command.add_argument("--count", type=int, default=100)
            command.add_argument("--seed", type=int, default=0)
        elif name == "run":
            command.add_argument("--seconds", type=float)
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    arguments.function(arguments)


if __name__ == "__main__":
    main()
