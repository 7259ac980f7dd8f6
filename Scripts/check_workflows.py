#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks .github/workflows/ without running it.

Each file must fit the schema of such files (check-jsonschema). Each `run` block must be a shell script that shellcheck has
nothing to say about. Each action must have a version, each job a time limit, and each file must be content with reading.

    pip install -r Scripts/requirements-platforms.txt
    apt-get install shellcheck
    python3 Scripts/check_workflows.py
"""

import pathlib
import re
import subprocess
import sys

from ruamel.yaml import YAML

ROOT = pathlib.Path(__file__).resolve().parent.parent


def problems(path):
    workflow = YAML(typ="safe").load(path.read_text())
    if workflow.get("permissions") != {"contents": "read"}:
        yield "permissions are not `contents: read`"
    if "concurrency" not in workflow:
        yield "no concurrency group"
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            yield f"{name}: no timeout-minutes"
        for number, step in enumerate(job["steps"], 1):
            if "uses" in step and not re.search(r"@v\d", step["uses"]):
                yield f"{name}, step {number}: {step['uses']} has no version"
            # What GitHub replaces before the shell sees the block becomes a word without special characters.
            script = re.sub(r"\$\{\{.*?\}\}", "word", step.get("run", ""))
            check = subprocess.run(
                ["shellcheck", "--shell=bash", "--enable=all", "--exclude=SC2154,SC2250,SC2312", "-"], input=script,
                capture_output=True, text=True)
            if check.returncode:
                yield f"{name}, step {number}:{check.stdout}{check.stderr}"


def main():
    paths = sorted((ROOT / ".github/workflows").glob("*.yml"))
    if not paths:
        sys.exit("no workflows")
    schema = ["--builtin-schema", "vendor.github-workflows"]
    code = subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, *paths]).returncode
    for path in paths:
        for problem in problems(path):
            print(f"{path.relative_to(ROOT)}: {problem}")
            code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
