#!/usr/bin/env python3
"""Many photos: `friends judge --json-lines` beside a pool of Python processes that judge with the same two networks.

    tests/peers/batch.py [--count 1000] [--program target/release/friends] PHOTO...

The photos are judged over and over until there are COUNT. Both use all processors and run by turns, three times each; the medians, their ratio
and the highest memory of all processes together are printed. Build the program first: `cargo build --release --bin friends`.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TURNS = 3


def judge(path):
    """What one process of the pool does with a photo."""
    import base64

    import python_function

    return python_function.handler({"body": base64.b64encode(pathlib.Path(path).read_bytes())}, None)["body"]


def pool(photos):
    """The other side: started as a program of its own, so that its start counts as ours does."""
    with multiprocessing.Pool(len(os.sched_getaffinity(0))) as workers:
        for answer in workers.imap(judge, photos, chunksize=4):
            print(answer)


def memory_mb(process, highest):
    """Notes the highest resident memory of a process and its children until it ends."""
    while process.poll() is None:
        total = 0
        children = subprocess.run(["ps", "-o", "rss=", "--pid", str(process.pid), "--ppid", str(process.pid)], check=False, capture_output=True, text=True)
        total = sum(int(line) for line in children.stdout.split())
        highest[0] = max(highest[0], total / 1024)
        time.sleep(0.1)


def run(command, environment):
    """Seconds, the highest memory in MB, and how many answers there were."""
    highest = [0.0]
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as answers:
        process = subprocess.Popen(command, env=environment, stdout=answers, stderr=subprocess.DEVNULL)
        watching = threading.Thread(target=memory_mb, args=(process, highest))
        watching.start()
        process.wait()
        seconds = time.perf_counter() - started
        watching.join()
        answers.seek(0)
        judged = sum(json.loads(line).get("status") == "done" for line in answers)
    return seconds, highest[0], judged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--program", default=str(ROOT / "target/release/friends"))
    parser.add_argument("--pool", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pool:
        return pool(args.photos)
    subprocess.run([str(ROOT / ".ci/environment"), "tests/peers"], cwd=ROOT, check=True)
    photos = [args.photos[i % len(args.photos)] for i in range(args.count)]
    python = [str(ROOT / "tests/peers/.venv/bin/python"), __file__, "--pool", *photos]
    peer = os.environ | {"PEER_MODELS": str(ROOT / "models"), "PEER_DECODER": "pillow", "PYTHONPATH": str(ROOT / "tests/peers")}
    sides = {"**ours**": ([args.program, "judge", "--json-lines", *photos], dict(os.environ)), "Python, a pool of processes": (python, peer)}
    results = {name: [] for name in sides}
    for turn in range(TURNS):
        for name, (command, environment) in sides.items():
            print(f"turn {turn + 1} of {TURNS}: {name}", file=sys.stderr)
            results[name].append(run(command, environment))
    seconds = {name: statistics.median(took for took, _, _ in times) for name, times in results.items()}
    peer_seconds = seconds["Python, a pool of processes"]
    print(f"| {args.count} photos | seconds | a photo, ms | × | peak MB | judged |\n|---|---|---|---|---|---|")
    for name, times in results.items():
        took, peak, judged = seconds[name], max(peak for _, peak, _ in times), min(judged for _, _, judged in times)
        print(f"| {name} | {took:.1f} | {1000 * took / args.count:.1f} | {took / peer_seconds:.2f} | {peak:.0f} | {judged} |")


if __name__ == "__main__":
    main()
