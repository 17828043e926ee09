#!/usr/bin/env python3
"""Our networks beside onnxruntime and tract's own operators, one thread each, taking turns in one run.

    tests/peers/network.py [--rounds 10] [--runs 30] [MODEL.onnx ROWSxCOLUMNS[,ROWSxCOLUMNS...]]...

Without models, the backbone at 128×128 and the face detector at four sizes. Each round starts each program anew, so that "load" is what a cold
start pays: from the bytes of the file to a network that is ready. Then it runs RUNS times. The least of all rounds is printed, in ms; "× onnxruntime"
is the time of a run as a multiple of onnxruntime's. "Another size" is what a picture of another size costs over a later one of that size.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / "tests/peers/.venv"
PROGRAM = ROOT / "target/release/examples/peer-network"
OURS = [
    (str(ROOT / "models/friends/backbone.onnx"), "128x128"),
    (str(ROOT / "models/face-detector/faces.onnx"), "256x256,192x256,256x160,320x320"),
]
WAYS = ("fused", "tract", "onnxruntime")


def by_onnxruntime(model, sizes, runs):
    """What the other programs print, for onnxruntime."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    loading = time.perf_counter()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    load = (time.perf_counter() - loading) * 1000
    rows = []
    for size in sizes:
        height, width = map(int, size.split("x"))
        pixels = numpy.arange(3 * height * width) * 7919 % 255 / 127.5 - 1
        pixels = pixels.astype(numpy.float32).reshape(1, height, width, 3).transpose(0, 3, 1, 2)
        picture = {session.get_inputs()[0].name: numpy.ascontiguousarray(pixels)}
        times = []
        for _ in range(runs + 1):
            running = time.perf_counter()
            session.run(None, picture)
            times.append((time.perf_counter() - running) * 1000)
        rows.append({"size": size, "load_ms": load, "first_ms": times[0], "run_ms": min(times[1:])})
        load = 0
    print(json.dumps(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL.onnx SIZES")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--onnxruntime", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if len(args.models) % 2:
        parser.error("after each model come its sizes: MODEL.onnx 256x256,192x256")
    models = list(zip(args.models[::2], args.models[1::2])) or OURS
    if args.onnxruntime:
        return by_onnxruntime(models[0][0], models[0][1].split(","), args.runs)
    subprocess.run([str(ROOT / ".ci/environment"), "tests/peers"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "--package", "friends-network", "--example", "peer-network"], cwd=ROOT, check=True)
    print("| network | size | load | × | another size | run | tract: load | run | onnxruntime: load | run | run × tract | **run × onnxruntime** |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for model, sizes in models:
        best = measured(model, sizes.split(","), args)
        for place, size in enumerate(sizes.split(",")):
            fused, tract, peer = (best[way][place] for way in WAYS)
            first = place == 0
            load, times = (f"{fused['load_ms']:.1f}", f"{fused['load_ms'] / peer['load_ms']:.2f}") if first else ("–", "–")
            other = "–" if first else f"{fused['load_ms'] + max(0, fused['first_ms'] - fused['run_ms']):.2f}"
            peer_load = f"{peer['load_ms']:.1f}" if first else "–"
            print(f"| {pathlib.Path(model).name} | {size} | {load} | {times} | {other} | {fused['run_ms']:.2f} | {tract['load_ms']:.0f} | {tract['run_ms']:.2f} "
                  f"| {peer_load} | {peer['run_ms']:.2f} | {fused['run_ms'] / tract['run_ms']:.2f} | **{fused['run_ms'] / peer['run_ms']:.2f}** |")


def measured(model, sizes, args):
    """Of each way, the least figures of all rounds, size by size."""
    commands = {way: [str(PROGRAM), way, model, *sizes, str(args.runs)] for way in WAYS[:2]}
    python = [str(VENV / "bin/python"), __file__, "--onnxruntime", "--runs", str(args.runs), model, ",".join(sizes)]
    commands["onnxruntime"] = python
    best = {}
    for turn in range(args.rounds):
        for way, command in commands.items():
            if sys.stderr.isatty():
                print(f"\r\033[K{pathlib.Path(model).name}: round {turn + 1} of {args.rounds}, {way}", end="\r", file=sys.stderr, flush=True)
            rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout)
            before = best.setdefault(way, rows)
            best[way] = [{key: row[key] if key == "size" else min(row[key], old[key]) for key in row} for row, old in zip(rows, before)]
    return best


if __name__ == "__main__":
    main()
