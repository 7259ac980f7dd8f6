# SPDX-License-Identifier: Apache-2.0
"""The mutants of mutate.py: where Sources/ has operators and constants, and the code that takes their place.

Sites in Swift are + - * / += -= < <= > >= == != && || between spaces, ..< and ... between operands, true, false, min, max,
integers and floats. An operator becomes an operator of the mutant's own with the same precedence, all else a call; so no
expression need be parsed. Sites in C are numbers, and operators with two simple operands, which become a conditional
expression. Strings, attributes, macros, #if and tables that a script made have no sites.
"""
import re

CHANGES = {
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "+=": ["-="], "-=": ["+="], "<": ["<=", ">="], "<=": ["<", ">"],
    ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"], "..<": ["..."], "...": ["..<"],
    "true": ["false"], "false": ["true"], "min": ["max"], "max": ["min"]}
PRECEDENCE = {"+": "Addition", "-": "Addition", "*": "Multiplication", "/": "Multiplication", "&&": "LogicalConjunction",
              "||": "LogicalDisjunction", "+=": "Assignment", "-=": "Assignment", "..<": "RangeFormation",
              "...": "RangeFormation"}
# The operator of a mutant has a character for each digit of its number.
DIGITS = "⊕⊖⊗⊘⊙⊚⊛⊜⊝⊞"


def end_of_string(text, start):
    """The place after a string literal that begins at `start`, with what is interpolated."""
    hashes = re.compile("#*").match(text, start).group()
    quote = '"""' if text.startswith('"""', start + len(hashes)) else '"'
    at = start + len(hashes) + len(quote)
    while not text.startswith(quote + hashes, at):
        if text.startswith("\\" + hashes, at):
            at += 1 + len(hashes)
            if text[at] == "(":
                at = end_of_parentheses(text, at)
                continue
        at += 1
    return at + len(quote + hashes)


def end_of_parentheses(text, at):
    depth = 0
    while True:
        if text[at] == '"':
            at = end_of_string(text, at)
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at


TOKEN = re.compile(r"""(?P<skipped>//[^\n]*|/\*.*?\*/|@\w+(\([^()]*\))?|\#(?!")\w+(\([^()]*\))?|`\w+`)|(?P<string>\#*")
    |(?P<number>0x[\da-fA-F_]+(p[+-]?\d+)?|0b[01_]+|\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d+)?)
    |(?P<word>[$\w]+)|(?P<operator>[-+*/<>=!&|.^%~?]+)|(?P<other>\S)""", re.X | re.S)


def is_float(number):
    return bool(re.search("p" if number.startswith("0x") else "[.eE]", number))


def changed_numbers(number):
    """One more or one less; a float doubled."""
    if is_float(number):
        value = float.fromhex(number) if number.startswith("0x") else float(number.replace("_", ""))
        return [repr(value * 2 or 1.0)]
    value = int(number.replace("_", ""), 0)
    # One more than 255 may fit no type.
    return [str(value - 1)] if value > 4 and value & (value + 1) == 0 else [str(value + 1)] + [str(value - 1)] * (value > 0)


def swift_sites(text):
    """The offset, the old text and the possible new texts of each site."""
    at, before, conditions = 0, "", 0
    while match := TOKEN.search(text, at):
        token, start = match.group(), match.start()
        kind = next(name for name in ("skipped", "string", "number", "word", "operator", "other") if match.group(name))
        at = end_of_string(text, start) if kind == "string" else match.end()
        conditions += {"#if": 1, "#endif": -1}.get(token.split("(")[0], 0) if kind == "skipped" else 0
        following = text[at:at + 1]
        spaced = text[start - 1].isspace() and following.isspace()
        tight = re.match(r"[\w)\]] [\w(.-]", text[start - 1] + " " + following)
        changes = []
        if kind == "number" and before != ".":
            changes = changed_numbers(token)
        elif kind == "operator" and before not in ("func", "operator") and (tight if ".." in token else spaced):
            changes = CHANGES.get(token, [])
        elif kind == "word" and (token in ("true", "false") or token in ("min", "max") and following == "("):
            changes = CHANGES[token] if before not in (".", "func") else []
        if changes and conditions == 0:
            yield start, token, changes
        before = token


OPERAND = r"(?:[A-Za-z_][\w.]*(?:->\w+|\[[\w +*-]+\])*|\d[\w.]*)"
C_SITE = re.compile(rf"(?P<number>(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?f?\b(?![.]))|(?<=[(,;=?:] )(?P<pair>{OPERAND} "
                    rf"(?P<sign>[-+*/]|[<>=!]=|[<>]|&&|\|\|) {OPERAND})(?= ?[),;?:])|(?P<skipped>//[^\n]*|\"[^\"\n]*\")")


def c_sites(text):
    """As for Swift; the text of an operator has both operands. What is for another processor is left out."""
    plain = re.sub(r"(?m)^[ \t]*#(?:.*\\\n)*.*$", lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    other = text.find("#elif")
    for match in C_SITE.finditer(plain, 0, other if other >= 0 else len(text)):
        if match.group("number"):
            number = match.group()
            changes = [new + "f" * number.endswith("f") for new in changed_numbers(number.rstrip("f"))]
            yield match.start(), number, changes
        elif match.group("pair"):
            pair, sign = match.group("pair"), match.group("sign")
            yield match.start(), pair, [pair.replace(f" {sign} ", f" {new} ") for new in CHANGES[sign]]


def sites(root):
    """All sites of the files under root/Sources, as dictionaries."""
    found = []
    for path in sorted((root / "Sources").rglob("*")):
        name = str(path.relative_to(root))
        if path.suffix not in (".swift", ".c", ".inc") or path.name == "neon.c":
            continue
        text = path.read_text(encoding="utf-8")
        if "generated by" in text[:200]:
            continue
        lines = text.splitlines()
        for offset, old, changes in (swift_sites if path.suffix == ".swift" else c_sites)(text):
            line, column = text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1
            found.append({"file": name, "line": line + 1, "column": column, "text": lines[line], "old": old, "new": changes})
    return found


def moved(mutant, root):
    """The mutant where its line stands now: the nearest one with the same text; None if there is none."""
    path = root / mutant["file"]
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    places = [place + 1 for place, line in enumerate(lines) if line == mutant["text"]]
    return mutant | {"line": min(places, key=lambda place: abs(place - mutant["line"]))} if places else None


def mutated(text, mutants):
    """The text of a file with mutants in it."""
    lines = text.splitlines(keepends=True)
    for mutant in sorted(mutants, key=lambda mutant: -mutant["column"]):
        line, column = lines[mutant["line"] - 1], mutant["column"]
        lines[mutant["line"] - 1] = line[:column] + replacement(mutant) + line[column + len(mutant["old"]):]
    return "".join(lines)


def replacement(mutant):
    """What stands in the file in place of the old text."""
    number, old, new = mutant["number"], mutant["old"], mutant["new"]
    if not mutant["file"].endswith(".swift"):
        return f"(swiftlet_mutant() == {number} ? {new} : {old})"
    if re.fullmatch(r"[\d.].*|true|false", old) and old != "...":
        return f"mutant{number}({old})"
    return f"mutant{number}" if old in ("min", "max") else "".join(DIGITS[int(digit)] for digit in str(number))


def declaration(mutant):
    """The function that takes the place of what a Swift mutant changes."""
    number, old, new, operator = mutant["number"], mutant["old"], mutant["new"], replacement(mutant)
    test = f"isMutant({number})"
    if old in ("true", "false"):
        return f"public func mutant{number}(_ value: Bool) -> Bool {{ {test} ? {new} : value }}"
    if re.match(r"\d", old):
        kind = "Float" if is_float(old) else "Integer"
        return f"public func mutant{number}<T: ExpressibleBy{kind}Literal>(_ value: T) -> T {{ {test} ? {new} : value }}"
    if old in ("min", "max"):
        return (f"public func mutant{number}<T: Comparable>(_ a: T, _ b: T, _ rest: T...) -> T "
                f"{{ {test} ? ([a, b] + rest).{new}()! : ([a, b] + rest).{old}()! }}")
    operators = {
        "+": [("T: AdditiveArithmetic", "T", "T")], "*": [("T: Numeric", "T", "T")],
        "/": [("T: BinaryInteger", "T", "T"), ("T: FloatingPoint", "T", "T")],
        "+=": [("T: AdditiveArithmetic", "inout T", "Void")], "<": [("T: Comparable", "T", "Bool")],
        "==": [("T: Equatable", "T", "Bool")], "..<": [("T: Strideable", "T", "Range<T>")],
        "...": [("T: Strideable", "T", "ClosedRange<T>")]}
    same = {"-": "+", "-=": "+=", "<=": "<", ">": "<", ">=": "<", "!=": "=="}
    lines = [f"infix operator {operator}: {PRECEDENCE.get(old, 'Comparison')}Precedence"]
    if old in ("&&", "||"):
        return lines[0] + (f"\npublic func {operator}(a: Bool, b: @autoclosure () throws -> Bool) rethrows -> Bool "
                           f"{{ if {test} {{ try a {new} b() }} else {{ try a {old} b() }} }}")
    for constraint, first, result in operators[same.get(old, old)]:
        changed = f"a {new} b"
        if "Range" in result:
            constraint += ", T.Stride: SignedInteger"
            changed = f"a {old} b.advanced(by: {'1' if old == '..<' else '-1'})"
        lines.append(f"public func {operator}<{constraint}>(a: {first}, b: T) -> {result} "
                     f"{{ if {test} {{ {changed} }} else {{ a {old} b }} }}")
    return "\n".join(lines)


# Each module has this: which mutant is on, and a file for the numbers of the mutants that were reached.
SWIFT = """import Glibc

nonisolated(unsafe) private let mutantNumber = unsafe getenv("SWIFTLET_MUTANT").map { unsafe atoi($0) } ?? 0
nonisolated(unsafe) private let reached = {
  let flags = UnsafeMutablePointer<Bool>.allocate(capacity: 100_000)
  unsafe flags.initialize(repeating: false, count: 100_000)
  return unsafe flags
}()
nonisolated(unsafe) private let trace = unsafe getenv("SWIFTLET_MUTANT_TRACE").map {
  unsafe open($0, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
} ?? -1

func isMutant(_ number: Int32) -> Bool {
  if unsafe trace >= 0, unsafe !reached[Int(number)] {
    unsafe reached[Int(number)] = true
    let line = Array("\\(number)\\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(trace, $0.baseAddress, $0.count) }
  }
  return unsafe number == mutantNumber
}

"""
C = """#include <stdlib.h>
static int number;
__attribute__((constructor)) static void set(void) {
  const char *text = getenv("SWIFTLET_MUTANT");
  number = text ? atoi(text) : 0;
}
int swiftlet_mutant(void) { return number; }
"""
