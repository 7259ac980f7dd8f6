#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does to `serve` what broken, slow, hasty and hostile clients do, and checks that it answers right and goes on serving.

usage: check_server_faults.py [--server PROGRAM] [--quick] [--only WORD ...] [--list]

PROGRAM is `serve` of Examples/Server, built in release, if not given. Starts servers at free ports of 127.0.0.1 and sends
bytes through plain sockets. Some checks wait for the server's own deadlines (10 s for a head, 30 s for a body, 60 s for an
idle connection); --quick leaves out the checks that take more than 5 s. --only runs the checks whose name has one of the
words. Prints a line for each check and exits with 1 if one fails. Needs Python's standard library only, and Linux.
"""
import argparse
import importlib
import resource
import subprocess
import sys
import time

import serving
from server_faults.checks import CHECKS, Checker, Closed, Failure, expect

# Each registers its checks, in this order.
MODULES = ["wrong_requests", "framing", "large", "slow", "clients", "operation"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=serving.SERVER, metavar="PROGRAM")
    parser.add_argument("--quick", action="store_true", help="leave out the checks that take more than 5 s")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="the checks whose names have one of these words")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    for module in MODULES:
        importlib.import_module(f"server_faults.{module}")
    checker, failures, passed = Checker(arguments.server), 0, 0
    with checker.stack:
        for name, slow, function in CHECKS:
            if arguments.only and not any(word in name for word in arguments.only) or slow and arguments.quick:
                continue
            if arguments.list:
                print(name)
                continue
            start, server = time.monotonic(), checker.shared
            try:
                detail = function(checker)
                if server is not None:
                    expect(server.is_running(), f"the server ended with {server.process.returncode}: {server.text()[-1000:]}")
                    expect(server.ask("GET", "/health")[0] == 200, "/health is not 200 afterwards")
                passed += 1
                print(f"ok   {name} ({time.monotonic() - start:.1f} s)" + (f": {detail}" if detail else ""), flush=True)
            except (Failure, Closed, serving.StartFailure, subprocess.TimeoutExpired, OSError) as failure:
                failures += 1
                more = ""
                if server is not None and not server.is_running():
                    more = f"; the server ended with {server.process.returncode}: {server.text()[-1000:]}"
                print(f"FAIL {name} ({time.monotonic() - start:.1f} s): {failure or type(failure).__name__}{more}", flush=True)
    if not arguments.list:
        print(f"{passed} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
