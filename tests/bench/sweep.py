#!/usr/bin/env python3
"""How long a pass of `friends serve` over its tickets takes with many finished results beside them.

    tests/bench/sweep.py [--program target/debug/friends] [--results 100000]

A server is started on a folder without results and on one with so many, and its own line about the first pass is read.
"""

import argparse
import json
import pathlib
import re
import secrets
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def first_pass_ms(program, data):
    """Milliseconds of the first pass, as the server logs them."""
    server = subprocess.Popen(
        [program, "serve", "--port", "0", "--data", data], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        for line in server.stderr:
            if "swept" in line:
                return int(re.search(r"milliseconds=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", line)).group(1))
        raise SystemExit("the server ended without a pass")
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "target/debug/friends"))
    parser.add_argument("--results", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        results = pathlib.Path(data, "objects/friends-site/results")
        results.mkdir(parents=True)
        without = [first_pass_ms(args.program, data) for _ in range(3)]
        document = json.dumps({"schema": 1, "status": "expired", "created_at": "2026-11-25T00:00:00Z"})
        for _ in range(args.results):
            (results / f"{secrets.token_urlsafe(18)}.json").write_text(document)
        beside = [first_pass_ms(args.program, data) for _ in range(3)]
    print(f"first pass, three starts: {without} ms without results, {beside} ms beside {args.results} finished ones")


if __name__ == "__main__":
    main()
