#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the page of `serve` in headless Chromium as a person does, at the widths of a screen and a phone, in light and dark.

usage: drive_page.py URL [--output DIR] [--key KEY] [--chromium PATH]

    serve --port 8080 --rerank-model DIR &
    python3 Scripts/drive_page.py http://127.0.0.1:8080/ --output /tmp/page

Types, points, presses keys, and reads what the page shows: all four tabs, the footer and what its buttons copy, errors of
every shape, keys, labels. The page must not break its Content-Security-Policy, write an error to the console, be wider than
the window or ask another host. The errors are made up between browser and server, so any running server will do; without a
cross-encoder the page must say that none is loaded. Give --key if the server wants one. With --output, writes screenshots of
every tab into the folder. Needs `pip install playwright`, which is not in requirements.txt, and Chromium, on Debian
`apt-get install chromium fonts-noto-core`; downloads no browser. What the page copies as curl and as Python is run if there
are curl and the package openai. Exits 1 if a check fails.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

SIZES = [(1280, 900), (390, 844)]
TABS = ["compare", "search", "tokens", "rerank"]
MOST_BYTES = 30 * 1024
# Status, headers and body of an answer, and what the page must show of it.
FAULTS = [
    (401, {"www-authenticate": "Bearer"}, '{"error":"the key is wrong","error_type":"Unauthorized"}', "the key is wrong"),
    (413, {}, '{"error":{"message":"the body is too long","type":"invalid_request_error","param":null,"code":null}}', "too long"),
    (422, {}, '{"error":"`inputs[1]` has 300 tokens","error_type":"Validation"}', "`inputs[1]` has 300 tokens"),
    (422, {}, '{"message":"documents are missing"}', "documents are missing"),
    (422, {}, '{"detail":"query is missing"}', "query is missing"),
    (424, {}, '{"error":"not an embedding model","error_type":"Backend"}', "not an embedding model"),
    (429, {"retry-after": "90"}, '{"error":"queue full","error_type":"Overloaded"}', "wait 90 s"),
    (503, {"retry-after": "75"}, "", "wait 75 s"),
    (502, {"content-type": "text/html"}, "<h1>Bad gateway</h1>", "status 502"),
    (500, {"content-type": "text/plain"}, "out of order", "status 500"),
    (200, {}, "{", "cannot read this answer"),
    (200, {}, '{"surprise":1}', "cannot read this answer"),
]

failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {what}", file=sys.stderr)


class Driver:
    """One browser window on the page."""

    def __init__(self, browser, options, size, scheme):
        self.options, self.name = options, f"{size[0]}-{scheme}"
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"])
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.problems, self.faking, self.width = [], False, size[0]
        self.page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        self.page.on("console", self.heard)
        self.page.on("request", self.requested)
        # Chromium also reports violations to the page.
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error('violates', violatedDirective))")

    def heard(self, message):
        made_up = self.faking and message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not made_up:
            self.problems.append(f"console: {message.text}")

    def requested(self, request):
        if not request.url.startswith(self.options.url):
            self.problems.append(f"asked for {request.url}")

    def check(self, holds, what):
        check(holds, f"{self.name}: {what}")

    def equal(self, value, expected, what):
        self.check(value == expected, f"{what}: {value!r} instead of {expected!r}")

    def picture(self, name):
        self.check(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the window")
        if self.options.output:
            # Hiding the caret would put a style into the page, against its policy.
            self.page.screenshot(path=self.options.output / f"{name}-{self.name}.png", full_page=True, caret="initial")

    def settle(self, tab):
        """Waits for the answer to the last change: the page waits 250 ms itself."""
        self.page.wait_for_timeout(350)
        self.page.wait_for_function("id => document.getElementById(id).ariaBusy !== 'true'", arg=tab)

    def fill(self, field, text):
        self.page.fill(f"#{field}", text)
        self.settle(field.split("-")[0])

    def open(self, tab):
        self.page.click(f"[role=tab][aria-controls={tab}]")
        self.settle(tab)

    def texts(self, selector):
        return self.page.locator(selector).all_inner_texts()

    def note(self, tab):
        return self.page.inner_text(f"#{tab} .note")

    def alert(self, tab):
        found = self.page.locator(f"#{tab} [role=alert]")
        return found.inner_text() if found.is_visible() else ""

    # What a person does

    def load(self):
        self.faking = bool(self.options.key)  # the first call has no key and must fail
        answer = self.page.goto(self.options.url, wait_until="networkidle")
        size, policy = len(answer.body()), answer.headers.get("content-security-policy", "")
        self.check(size <= MOST_BYTES, f"the page has {size} bytes")
        self.check("default-src 'none'" in policy and "unsafe" not in policy, f"the policy is {policy!r}")
        if self.options.key:
            self.check(self.page.locator("#trouble").is_visible(), "a missing key is not told")
            self.page.fill("#key", self.options.key)
            self.page.press("#key", "Enter")
            self.page.wait_for_selector("#trouble", state="hidden")
            self.faking = False
        self.settle("compare")
        headers = {"Authorization": f"Bearer {self.options.key}"} if self.options.key else {}
        self.info = self.context.request.get(f"{self.options.url}info", headers=headers).json()
        self.equal(self.page.inner_text("#model"), self.info["model_id"].rstrip("/").split("/")[-1], "model")
        facts = self.page.inner_text("#facts")
        for name in ["dimensions", "max_input_length", "model_dtype", "version"]:
            fact = f"{self.info[name]:,}" if isinstance(self.info[name], int) else self.info[name]
            self.check(fact in facts, f"the header does not show {fact}")
        self.equal(len(self.texts("#compare tbody td")), 36, "example cells computed on load")
        unnamed = "[...document.querySelectorAll('input, textarea')].filter(one => !one.labels.length).map(one => one.id)"
        self.equal(self.page.evaluate(unnamed), [], "fields without a label")

    def compare(self):
        self.picture("compare")
        markup = "<img src=x onerror=alert(1)> & <b>bold</b>"
        self.fill("compare-lines", f"one thing\n{markup}\n\none thing\nsomething else")
        cells = self.texts("#compare tbody td")
        self.equal(len(cells), 16, "cells of four lines")
        rows = [cells[start:start + 4] for start in range(0, 16, 4)]
        self.check(all(rows[i][j] == rows[j][i] for i in range(4) for j in range(4)), f"the matrix is not symmetric: {rows}")
        self.equal([rows[i][i] for i in range(4)] + [rows[0][2]], ["1.00"] * 5, "similarity of equal texts")
        shown = self.page.text_content("#compare tbody")
        self.check(markup in shown and not self.page.locator("main img").count(), "a text became markup")
        self.page.hover("#compare tbody tr:nth-child(2) td:nth-child(5)")
        pair = self.page.inner_text("#compare .pair")
        self.check(markup in pair and "something else" in pair, f"pointing at a cell shows {pair!r}")
        self.page.focus("#compare tbody td[tabindex='0']")
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("ArrowRight")
        here = "[document.activeElement.parentElement.rowIndex, document.activeElement.cellIndex]"
        self.equal(self.page.evaluate(here), [2, 2], "cell reached by arrow keys")
        self.page.check("#group")
        self.settle("compare")
        order = self.texts("#compare thead th")
        self.equal(sorted(order), ["1", "2", "3", "4"], "grouped columns")
        self.equal(abs(order.index("1") - order.index("3")), 1, "distance of equal lines after grouping")
        self.fill("compare-lines", "only one")
        self.check("two lines" in self.note("compare"), "no word about too few lines")
        self.fill("compare-lines", "\n".join(f"line {index} of many" for index in range(60)))
        self.equal(len(self.texts("#compare tbody td")), 1600, "cells of sixty lines")
        self.picture("compare-many")
        self.fill("compare-lines", "one\n" * 2 + "word " * (self.info["max_input_length"] + 40))
        self.picture("compare-cut")
        self.check("cut" in self.page.inner_text("#compare .call"), "the footer does not tell that a text was cut")

    def footer(self):
        self.fill("compare-lines", "it's one\nanother \"two\"")
        row = self.page.inner_text("#compare .call")
        for figure in ["POST /embed", r"total [\d.,]+ ms", r"infer [\d.,]+ ms", r"\d tokens"]:
            self.check(re.search(figure, row), f"no {figure} in the footer {row!r}")
        self.page.click("#compare .call >> text=JSON")
        shown = self.page.inner_text("#compare pre")
        self.check("it's one" in shown and "more" in shown, "the JSON is not shown")
        self.picture("compare-json")
        self.fill("compare-lines", "it's one\nanother \"two\"\nthree")
        self.check("three" in self.page.inner_text("#compare pre"), "the JSON is not of the last call")
        self.page.click("#compare .call >> text=JSON")
        self.check(not self.page.is_visible("#compare pre"), "the JSON does not go")
        self.check_copies("compare", 3, "embeddings.create")
        # A page of plain http has no clipboard.
        self.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
        self.page.click("#compare .call >> text=Copy as curl")
        self.check(self.page.evaluate("String(getSelection())").startswith("curl "), "without a clipboard, the text is not marked")
        self.page.evaluate("delete navigator.clipboard")

    def copied(self, tab, label):
        self.page.click(f"#{tab} .call >> text={label}")
        self.page.wait_for_selector(f"#{tab} .call >> text=Copied")
        self.page.wait_for_selector(f"#{tab} .call >> text={label}")
        text = self.page.evaluate("navigator.clipboard.readText()")
        self.check(not self.options.key or self.options.key not in text, f"{label} copies the key")
        return text

    def check_copies(self, tab, length, call):
        """What the buttons copy does run, and gives as many results as expected."""
        environment = os.environ | {"API_KEY": self.options.key or ""}
        command, program = self.copied(tab, "Copy as curl"), self.copied(tab, "Copy as Python")
        if shutil.which("curl"):
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment)
            works = done.returncode == 0 and len(json.loads(done.stdout)) == length
            self.check(works, f"curl does not work: {command} {done.stdout[:200]}")
        self.check(f"client.{call}" in program, f"copied Python: {program}")
        if importlib.util.find_spec("openai"):
            program += "\nprint(len(answer if isinstance(answer, list) else answer.data))\n"
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
            self.equal(done.stdout.strip(), str(length), f"results of the copied Python ({done.stderr[-300:]})")

    def search(self):
        self.open("search")
        if self.info.get("index_documents"):
            self.check("indexed documents" in self.note("search"), f"the note is {self.note('search')!r}")
            self.check(self.page.is_disabled("#search-lines"), "lines can be changed though the index is searched")
            self.equal(len(self.texts("#search ol li")), min(5, self.info["index_documents"]), "hits of the index")
            self.picture("search-index")
            self.page.uncheck("#search-index")
            self.settle("search")
        else:
            self.check(self.page.is_hidden("#search-index"), "an index is offered, though there is none")
        self.equal(len(self.texts("#search ol li")), 5, "example hits")
        self.picture("search")
        self.fill("search-query", "Returns are free for 30 days.")
        first = self.page.inner_text("#search ol li >> nth=0")
        self.check("Returns are free" in first and "1.000" in first, f"the first hit is {first!r}")
        self.page.fill("#search-count", "3")
        self.fill("search-lines", "\n".join([f"This is line {index}." for index in range(300)] + ["__proto__", "constructor"]))
        self.equal(len(self.texts("#search ol li")), 3, "hits after asking for 3")
        self.check("302" in self.note("search"), f"the note is {self.note('search')!r}")
        self.fill("search-query", "constructor")
        self.check("constructor" in self.page.inner_text("#search ol li >> nth=0"), "a line named as a property is not found")
        self.fill("search-query", "")
        self.check("Write a query" in self.note("search"), "no word about an empty query")
        self.fill("search-query", "This is line 7.")
        if self.info.get("rerank_model_id"):
            self.page.check("#search-rerank")
            self.settle("search")
            self.check("cross-encoder" in self.note("search"), "no word about reranking")
            self.check(re.search("([↑↓] from|=) number", self.page.inner_text("#search ol")), "no arrows after reranking")
            self.picture("search-reranked")
        else:
            self.check(self.page.is_disabled("#search-rerank"), "reranking is offered")
            self.check("--rerank-model" in self.page.inner_text("#search"), "no word about how to load a cross-encoder")

    def tokens(self):
        self.open("tokens")
        chips = self.texts("#tokens .chip")
        self.check(len(chips) > 10, f"example tokens: {chips}")
        self.page.hover("#tokens .chip >> nth=3")
        self.picture("tokens")
        self.check_copies("tokens", 1, "post")
        self.fill("tokens-text", "é b")
        self.page.hover("#tokens .chip >> text=/^b$/")
        detail = self.page.inner_text("#tokens .detail")
        self.check("bytes 3 to 4" in detail, f"bytes of b: {detail!r}")
        self.page.focus("#tokens .chip[tabindex='0']")
        self.page.keyboard.press("End")
        last = self.texts("#tokens .chip")[-1]
        self.equal(self.page.evaluate("document.activeElement.textContent"), last, "token reached by End")
        limit = self.info["max_input_length"]
        self.fill("tokens-text", "the end " * limit)
        self.check(self.page.is_visible("#tokens .cut"), "no line where the text is cut")
        self.equal(self.page.locator("#tokens .chip:not(.is-gone)").count(), limit, "tokens before the cut")
        self.check(f"reads {limit:,}" in self.note("tokens"), f"the note is {self.note('tokens')!r}")
        self.picture("tokens-cut")
        self.fill("tokens-text", "  ")
        self.check("Write a text" in self.note("tokens"), "no word about an empty text")

    def rerank(self):
        self.open("rerank")
        if self.info.get("rerank_model_id"):
            scores = [float(text) for text in self.texts("#rerank ol li b")]
            self.equal(len(scores), 5, "example lines in order")
            self.equal(scores, sorted(scores, reverse=True), "order of scores")
            self.check("raw score" in self.page.inner_text("#rerank ol"), "no raw scores")
            self.fill("rerank-lines", "one line\nanother line")
            self.equal(len(self.texts("#rerank ol li")), 2, "lines in order")
            self.check_copies("rerank", 2, "post")
        else:
            self.check(self.page.is_disabled("#rerank-query"), "reranking is offered")
            self.check("--rerank-model" in self.page.inner_text("#rerank"), "no word about how to load a cross-encoder")
        self.picture("rerank")

    def keys(self):
        self.page.focus("[role=tab][aria-selected=true]")
        for key, expected in [("Home", "compare"), ("ArrowRight", "search"), ("ArrowRight", "tokens"), ("End", "rerank"),
                              ("ArrowRight", "compare"), ("ArrowLeft", "rerank"), ("Home", "compare")]:
            self.page.keyboard.press(key)
            self.equal(self.page.evaluate("document.activeElement.getAttribute('aria-controls')"), expected, f"tab after {key}")
            visible = [tab for tab in TABS if self.page.is_visible(f"#{tab}")]
            self.equal(visible, [expected], f"panel after {key}")
            chosen = self.page.get_attribute(f"[role=tab][aria-controls={expected}]", "aria-selected")
            self.equal(chosen, "true", f"aria-selected after {key}")
        outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        self.equal(outline, "solid", "outline of the tab with the focus")
        self.page.keyboard.press("Tab")
        self.equal(self.page.evaluate("document.activeElement.id"), "compare-lines", "after the tab bar")
        self.settle("compare")

    def errors(self):
        self.faking = True
        pattern = re.compile("/embed$")
        for status, headers, body, shown in FAULTS:
            answer = {"status": status, "headers": {"content-type": "application/json"} | headers, "body": body}
            self.page.route(pattern, lambda route: route.fulfill(**answer))
            self.fill("compare-lines", f"status {status}\n{shown}")
            self.check(shown in self.alert("compare"), f"{status} {body} shows {self.alert('compare')!r}")
            self.page.unroute(pattern)
            if status == 422 and shown.startswith("`"):
                self.picture("error")
            if status == 401:
                self.check(self.page.is_visible("#key"), "401 does not open the field for the key")
        self.page.route(pattern, lambda route: route.abort("connectionrefused"))
        self.fill("compare-lines", "no\nserver")
        self.check("does not answer" in self.alert("compare"), "a broken connection is not told")
        self.page.unroute(pattern)
        # The server's own words about a broken body.
        self.page.route(pattern, lambda route: route.continue_(post_data='{"inputs":'))
        self.fill("compare-lines", "broken\nbody")
        shown = self.alert("compare")
        self.check("status 400" in shown and len(shown.splitlines()) > 2, f"400 shows {shown!r}")
        self.page.unroute(pattern)
        self.page.click("#compare [role=alert] button")
        self.settle("compare")
        self.equal((self.alert("compare"), len(self.texts("#compare tbody td"))), ("", 4), "after Try again")
        # Busy once, then served: the page tries again by itself.
        busy = {"content-type": "application/json", "retry-after": "1"}
        self.page.route(pattern, lambda route: route.fulfill(status=429, headers=busy, body='{"error":"busy"}'), times=1)
        self.fill("compare-lines", "a\nb\nc")
        self.check("then tries again" in self.alert("compare"), "Retry-After is not told")
        self.page.wait_for_selector("#compare [role=alert]", state="hidden")
        self.equal(len(self.texts("#compare tbody td")), 9, "cells after the second try")
        # An answer that comes too late must not replace a newer one.
        held = []
        self.page.route(pattern, lambda route: route.continue_() if held else held.append(route))
        self.fill_without_waiting("compare-lines", "an\nold\nquestion\nhere")
        self.fill("compare-lines", "a new\nquestion")
        self.equal(len(self.texts("#compare tbody td")), 4, "cells of the newer question")
        held[0].abort()
        self.page.unroute(pattern)
        # The key travels as a header.
        sent = []
        info = re.compile("/info$")
        self.page.route(info, lambda route: (sent.append(route.request.headers.get("authorization")), route.continue_())[1])
        if not self.page.is_visible("#key"):
            self.page.click("summary")
        self.page.fill("#key", "another key")
        self.page.press("#key", "Enter")
        self.page.wait_for_timeout(500)
        self.equal(sent, ["Bearer another key"], "key as sent")
        self.equal(self.page.is_visible("#trouble"), bool(self.options.key), "whether a wrong key is told")
        self.page.unroute(info)
        stored = self.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
        self.equal(stored, [0, 0, ""], "stored")
        self.faking = False

    def fill_without_waiting(self, field, text):
        self.page.fill(f"#{field}", text)
        self.page.wait_for_timeout(350)

    def drive(self):
        for step in [self.load, self.compare, self.footer, self.search, self.tokens, self.rerank, self.keys, self.errors]:
            try:
                step()
            except Exception as error:  # a missing element, for one; the other steps still tell something
                self.check(False, f"{step.__name__}: {error}")
        self.check(not self.problems, f"the browser reports {self.problems}")
        self.context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--key")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    options = parser.parse_args()
    options.url = options.url.rstrip("/") + "/"
    if not options.chromium:
        sys.exit("needs Chromium; on Debian: apt-get install chromium fonts-noto-core")
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root cannot use the sandbox
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=sandbox)
        for size in SIZES:
            for scheme in ["light", "dark"]:
                Driver(browser, options, size, scheme).drive()
        browser.close()
    print("all checks hold" if failures == 0 else f"{failures} checks failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
