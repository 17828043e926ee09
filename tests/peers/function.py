#!/usr/bin/env python3
"""The function beside what one would use instead, in one run: cold and warm, memory, package.

    tests/peers/function.py [--rounds 20] [--cores 0,1] [--quick] PHOTO...

Builds our function as it is packaged, a careless one in Rust and a hello-world (a quarter of an hour the first time), makes
tests/peers/.venv, and then takes turns: each round starts every program once, sends it a photo through `/api/judge` (cold: from the start to the answer), and then five
times more (warm). Prints medians, their ratio to the better of the two Python functions, the highest memory, and what a zip of the
program with its models weighs. Every program speaks to the same runtime API on this machine. The last table is a ticket, cold, with an
object store that answers at once.
"""

import argparse
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/infra"))
sys.path.insert(0, str(ROOT / "tests/bench"))
from function import event, peak_mb
from runtime_api import function

WARM = 5
LAMBDA = ROOT / "target/lambda"
VENV = ROOT / "tests/peers/.venv"
PYTHON_PACKAGES = {
    "pillow": ["awslambdaric", "runtime_client*", "numpy", "numpy.libs", "onnxruntime", "PIL", "pillow.libs", "snapshot_restore_py.py", "simplejson"],
    "opencv": ["awslambdaric", "runtime_client*", "numpy", "numpy.libs", "onnxruntime", "cv2", "opencv_python_headless.libs", "snapshot_restore_py.py", "simplejson"],
}


class Program:
    def __init__(self, name, command, environment, files):
        self.name, self.command, self.environment, self.files = name, command, environment, files


def programs():
    models = [ROOT / "models/friends" / name for name in ("manifest.json", "backbone.onnx", "head.json")]
    # The settings of infra/template.yaml that matter here.
    ours = {"FRIENDS_MODEL_DIR": str(ROOT / "models/friends"), "MALLOC_ARENA_MAX": "1", "MALLOC_TOP_PAD_": "16777216"}
    site = next((VENV / "lib").glob("python3*/site-packages"))
    rust = [
        Program("**ours**", [str(LAMBDA / "friends-lambda/bootstrap")], ours, [LAMBDA / "friends-lambda/bootstrap", *models]),
        Program("Rust, careless", [str(LAMBDA / "peer-naive/bootstrap")], ours, [LAMBDA / "peer-naive/bootstrap", *models]),
    ]
    python = []
    for decoder, packages in PYTHON_PACKAGES.items():
        environment = {"PEER_MODELS": str(ROOT / "models"), "PEER_DECODER": decoder, "PYTHONPATH": str(ROOT / "tests/peers")}
        files = [path for package in packages for path in site.glob(package)]
        command = [str(VENV / "bin/python"), "-m", "awslambdaric", "python_function.handler"]
        python.append(Program(f"Python, {decoder}", command, environment, [*files, ROOT / "models/face-detector/faces.onnx", *models]))
    return rust, python


def zipped_mb(files):
    """What a zip of these files and folders weighs."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in files:
                for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
                    if part.is_file() and "__pycache__" not in part.parts:
                        archive.write(part, part.relative_to(path.parent))
        return file.tell() / 1e6


def build(quick):
    for folder in ("infra", "tests/peers"):
        subprocess.run([str(ROOT / ".ci/environment"), folder], cwd=ROOT, check=True)
    environment = os.environ | {"PATH": f"{ROOT / 'infra/.venv/bin'}:{os.environ['PATH']}"}
    others = [] if quick else [["--example", "peer-naive"], ["--example", "peer-hello"]]
    for target in (["--bin", "friends-lambda"], *others):
        features = ["--no-default-features", "--features", "lambda"]
        subprocess.run(["cargo", "lambda", "build", "--release", *features, *target], cwd=ROOT, env=environment, check=True)


def pinned(command, cores):
    return ["taskset", "--cpu-list", cores, *command] if cores else command


def one_round(program, request, cores, times):
    started = time.perf_counter()
    with function(pinned(program.command, cores), program.environment) as running:
        answer = running.invoke(request)
        times["cold"].append((time.perf_counter() - started) * 1000)
        assert answer["statusCode"] == 200, answer
        for _ in range(WARM):
            started = time.perf_counter()
            answer = running.invoke(request)
            times["warm"].append((time.perf_counter() - started) * 1000)
        times["peak"].append(peak_mb(running.process))
    return [face["verdict"] for face in json.loads(answer["body"])["faces"]]


def compare(photo, rounds, cores, rust, python, zips):
    # Written once: what it takes to write three megabytes of JSON is no function's.
    request = json.dumps(event(photo)).encode()
    everyone = [*rust, *python]
    times = {program.name: {"cold": [], "warm": [], "peak": []} for program in everyone}
    verdicts = {}
    for turn in range(rounds):
        for program in everyone:
            progress(f"{photo.name}: round {turn + 1} of {rounds}, {program.name}")
            verdicts[program.name] = one_round(program, request, cores, times[program.name])
    progress("")
    middle = {name: {kind: statistics.median(values) for kind, values in kinds.items()} for name, kinds in times.items()}
    best = {kind: min(middle[program.name][kind] for program in python) for kind in ("cold", "warm")}
    print(f"\n{photo.name}, {photo.stat().st_size / 1e6:.2f} MB, {rounds} rounds, cores {cores or 'all'}\n")
    print("| function | cold ms | warm ms | cold less warm | cold × | warm × | peak MB | zip MB | verdicts |")
    print("|---|---|---|---|---|---|---|---|---|")
    for program in everyone:
        cold, warm = middle[program.name]["cold"], middle[program.name]["warm"]
        said = " ".join(verdict.get("friend") or verdict["kind"] for verdict in verdicts[program.name])
        print(
            f"| {program.name} | {cold:.0f} | {warm:.1f} | {cold - warm:.0f} | {cold / best['cold']:.2f} | {warm / best['warm']:.2f} "
            f"| {max(times[program.name]['peak']):.0f} | {zips[program.name]:.1f} | {said[:60]} |"
        )


class Store(http.server.BaseHTTPRequestHandler):
    """An object store that takes everything at once."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("etag", '"0"')
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def ticket(rounds, cores, ours):
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    environment = ours.environment | {
        "FRIENDS_UPLOAD_BUCKET": "uploads",
        "FRIENDS_SITE_BUCKET": "site",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{store.server_port}",
        "AWS_REGION": "ap-northeast-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    body = json.dumps({"content_type": "image/jpeg", "size_bytes": 100_000})
    request = event(pathlib.Path(os.devnull)) | {"rawPath": "/api/uploads", "body": body, "isBase64Encoded": False}
    request["requestContext"]["http"]["path"] = "/api/uploads"
    request["headers"] |= {"content-type": "application/json"}
    hello = Program("hello-world", [str(LAMBDA / "peer-hello/bootstrap")], {}, [])
    times = {"hello-world": [], "a ticket": []}
    for _ in range(rounds):
        for name, program, settings in (("hello-world", hello, {}), ("a ticket", ours, environment)):
            started = time.perf_counter()
            with function(pinned(program.command, cores), settings) as running:
                answer = running.invoke(request)
                times[name].append((time.perf_counter() - started) * 1000)
                assert answer["statusCode"] in (200, 201), answer
    store.shutdown()
    least, ours = (statistics.median(times[name]) for name in ("hello-world", "a ticket"))
    print(f"\n| cold, {rounds} rounds, cores {cores or 'all'} | ms |\n|---|---|")
    print(f"| hello-world | {least:.0f} |\n| a ticket | {ours:.0f} |\n| a ticket over hello-world | {ours - least:.0f} |")


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=pathlib.Path, metavar="PHOTO")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cores", default="", help="the processors that each program may use, as taskset has them [all]")
    parser.add_argument("--quick", action="store_true", help="without the careless function and the hello-world, which take as long to build")
    args = parser.parse_args()
    build(args.quick)
    rust, python = programs()
    rust = rust[:1] if args.quick else rust
    zips = {program.name: zipped_mb(program.files) for program in [*rust, *python]}
    for photo in args.photos:
        compare(photo, args.rounds, args.cores, rust, python, zips)
    if not args.quick:
        ticket(args.rounds, args.cores, rust[0])


if __name__ == "__main__":
    main()
