#!/usr/bin/env python3
"""How long the function takes and what it costs in processor time, cold and warm: the real program under a runtime API.

    tests/bench/function.py [--program target/lambda/friends-lambda/bootstrap] [--through COMMAND] [--starts 10] [--warm 20] PHOTO...

Photos go through `/api/judge`, so no object store is measured. Medians; processor time is user and system time of all threads.
"""

import argparse
import base64
import json
import os
import pathlib
import shlex
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/infra"))
from runtime_api import function

TICKS = os.sysconf("SC_CLK_TCK")


def event(photo):
    """The recorded request of API Gateway, with this photo in its body."""
    request = json.loads((ROOT / "events/api-judge.json").read_text())
    request["rawQueryString"], request["queryStringParameters"] = "", {}
    return request | {"body": base64.b64encode(photo.read_bytes()).decode(), "isBase64Encoded": True}


def processor_ms(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


def peak_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=pathlib.Path)
    parser.add_argument("--program", default=str(ROOT / "target/lambda/friends-lambda/bootstrap"))
    parser.add_argument("--through", default="", help="a command that runs the program, an emulator for instance", metavar="COMMAND")
    parser.add_argument("--verdicts", action="store_true", help="print what was judged, too")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--warm", type=int, default=20)
    args = parser.parse_args()
    environment = {"FRIENDS_MODEL_DIR": str(ROOT / "models/friends")}
    print(f"{args.program}: {os.path.getsize(args.program) / 1e6:.1f} MB")
    print(f"{'photo':30} {'cold ms':>9} {'warm ms':>9} {'cold cpu':>9} {'warm cpu':>9} {'peak MB':>9}   stages of a warm one, ms")
    for photo in args.photos:
        request = json.dumps(event(photo)).encode()
        cold, warm, cold_cpu, warm_cpu, peaks, stages = [], [], [], [], [], []
        for start in range(args.starts):
            started = time.perf_counter()
            with function([*shlex.split(args.through), args.program], environment) as judge:
                answer = judge.invoke(request)
                cold.append((time.perf_counter() - started) * 1000)
                assert answer["statusCode"] == 200, answer
                cold_cpu.append(processor_ms(judge.process))
                before = processor_ms(judge.process)
                for _ in range(args.warm):
                    started = time.perf_counter()
                    answer = judge.invoke(request)
                    warm.append((time.perf_counter() - started) * 1000)
                    stages.append(json.loads(answer["body"])["timings_ms"])
                warm_cpu.append((processor_ms(judge.process) - before) / args.warm)
                peaks.append(peak_mb(judge.process))
        middle = statistics.median
        parts = {stage: middle(one[stage] for one in stages) for stage in ("decode", "detect", "classify")}
        figures = [middle(cold), middle(warm), middle(cold_cpu), middle(warm_cpu), max(peaks)]
        print(f"{photo.name[:30]:30} " + " ".join(f"{figure:9.1f}" for figure in figures) + f"   {parts}")
        if args.verdicts:
            for face in json.loads(answer["body"])["faces"]:
                print("   ", face["verdict"], face["scores"])


if __name__ == "__main__":
    main()
