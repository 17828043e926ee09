#!/usr/bin/env python3
"""Sends many photos at once to a running `friends serve` and says how every ticket ended.

    friends serve --port 8080 &
    python3 tests/bench/load.py --url http://127.0.0.1:8080 --photos DIR --count 200 [--pid PID]

Every visitor opens a ticket, uploads one of the photos below DIR and polls until the ticket ends. With --pid the peak memory of
that process is printed too (Linux). Standard library only; the exit code is 1 when a ticket did not end.
"""

import argparse
import collections
import concurrent.futures
import json
import mimetypes
import pathlib
import sys
import time
import urllib.error
import urllib.request


def call(method, url, body=None, headers=None):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.status, answer.read()


def visit(base, photo, patience):
    """One visitor; returns how it ended and after how many seconds."""
    started = time.monotonic()
    body = photo.read_bytes()
    kind = mimetypes.guess_type(photo.name)[0] or "image/jpeg"
    request = json.dumps({"content_type": kind, "size_bytes": len(body)}).encode()
    try:
        _, answer = call("POST", base + "/api/uploads", request, {"content-type": "application/json"})
    except urllib.error.HTTPError as error:
        return f"refused {json.load(error)['code']}", time.monotonic() - started
    ticket = json.loads(answer)
    call("PUT", ticket["upload"]["url"], body, ticket["upload"]["headers"])
    while time.monotonic() - started < patience:
        _, answer = call("GET", base + ticket["result_url"])
        status = json.loads(answer)["status"]
        if status != "waiting":
            return status, time.monotonic() - started
        time.sleep(0.25)
    return "did not end", time.monotonic() - started


def peak_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no peak memory in /proc/{pid}/status")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--photos", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--patience", type=float, default=600, help="seconds until a ticket counts as lost")
    parser.add_argument("--pid", type=int)
    options = parser.parse_args()
    photos = sorted(p for p in options.photos.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".gif"})
    if not photos:
        raise SystemExit(f"there is no photo below {options.photos}")

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.count) as visitors:
        chosen = [photos[number % len(photos)] for number in range(options.count)]
        ends = list(visitors.map(lambda photo: visit(options.url, photo, options.patience), chosen))
    seconds = time.monotonic() - started

    counts = collections.Counter(end for end, _ in ends)
    waits = sorted(wait for _, wait in ends)
    print(f"{options.count} visitors at once: " + ", ".join(f"{count} {end}" for end, count in sorted(counts.items())))
    print(f"{seconds:.1f} s in all; a visitor waited {waits[len(waits) // 2]:.1f} s (median), {waits[-1]:.1f} s (longest)")
    if options.pid:
        print(f"peak memory of the server: {peak_megabytes(options.pid):.0f} MB")
    sys.exit(1 if counts["did not end"] else 0)


if __name__ == "__main__":
    main()
