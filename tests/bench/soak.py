#!/usr/bin/env python3
"""Half an hour of good, odd and hostile visitors at `friends serve`: does every ticket end, is memory flat, is any photo left?

    tests/bench/soak.py --photos DIR [--minutes 30] [--clients 20] [--program target/debug/friends]

Starts its own server on a folder of its own. Each client goes from visit to visit: photos below DIR, the same cut off or with bytes
changed, small pictures that unpack to much, uploads that stall or break off, two uploads for one ticket,
requests that hang up while their photo is judged, nonsense in JSON. After each minute all clients rest for a quarter of one, and the
server's memory is taken. Prints how tickets ended, memory at work and at rest with its slope (least squares over the second half), and what is
left on disk. The exit code is 1 if a ticket did not end, a photo is left, or the server
ended. Standard library only, Linux.
"""

import argparse
import collections
import http.client
import json
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 300


def png(width, height):
    """A black picture that weighs a thousandth of what it unpacks to."""
    def chunk(name, payload):
        return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))

    rows = zlib.compress(bytes((1 + 3 * width) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Visitor:
    """One client; `ends` counts what became of its visits."""

    def __init__(self, host, port, photos, seed, ends):
        self.host, self.port, self.photos, self.ends = host, port, photos, ends
        # Requests are counted by address, and twenty clients are twenty visitors.
        self.address = {"x-forwarded-for": f"198.51.100.{seed % 250 + 1}"}
        self.dice = random.Random(seed)
        self.bombs = [png(5000, 4000), png(16, 16), png(9000, 9000)]

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.request(method, path, body, self.address | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def begin(self, method, path, headers, length, body):
        """Sends a header and a part of the body, and returns the open socket."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self.host}:{self.port}", f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in (self.address | headers).items()]
        line = socket.create_connection((self.host, self.port), timeout=120)
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return line

    def photo(self):
        """A photo, often not as it should be."""
        body = bytearray(self.dice.choice(self.photos).read_bytes())
        kind = self.dice.random()
        if kind < 0.1:
            return bytes(body[: self.dice.randrange(1, len(body))])
        if kind < 0.2:
            for _ in range(self.dice.randrange(1, 50)):
                body[self.dice.randrange(len(body))] = self.dice.randrange(256)
        elif kind < 0.25:
            return self.dice.choice(self.bombs)
        elif kind < 0.3:
            return self.dice.randbytes(self.dice.randrange(1, 100_000))
        return bytes(body)

    def open(self, size):
        body = json.dumps({"content_type": "image/jpeg", "size_bytes": size})
        status, answer = self.call("POST", "/api/uploads", body, {"content-type": "application/json"})
        if status != 201:
            self.ends[f"no ticket, {status}"] += 1
            return None
        ticket = json.loads(answer)
        ticket["path"] = "/" + ticket["upload"]["url"].split("/", 3)[3]
        return ticket

    def wait(self, ticket):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            _, answer = self.call("GET", ticket["result_url"])
            status = json.loads(answer)["status"]
            if status != "waiting":
                return status
            time.sleep(0.1)
        return "did not end"

    def visit(self):
        photo = self.photo()
        ticket = self.open(len(photo))
        if not ticket:
            return
        headers = ticket["upload"]["headers"]
        if self.dice.random() < 0.1:
            cut = self.dice.randrange(len(photo))
            broken = self.begin("PUT", ticket["path"], headers, len(photo), photo[:cut])
            if self.dice.random() < 0.5:
                time.sleep(1)
            broken.close()
        status, _ = self.call("PUT", ticket["path"], photo, headers)
        if self.dice.random() < 0.1:
            self.call("PUT", ticket["path"], photo, headers)
        if status not in (200, 412):
            self.ends[f"upload answered {status}"] += 1
            return
        end = self.wait(ticket)
        self.ends[f"ticket {end}"] += 1
        if end == "done" and self.dice.random() < 0.3:
            body = json.dumps({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": None})
            self.call("POST", "/api/feedback", body, {"content-type": "application/json"})

    def judge_at_once(self):
        status, _ = self.call("POST", "/api/judge", self.photo()[:4_500_000])
        self.ends[f"judged at once, {status}"] += 1

    def hang_up(self):
        photo = self.photo()[:4_500_000]
        line = self.begin("POST", "/api/judge", {}, len(photo), photo)
        time.sleep(self.dice.random() * 0.1)
        line.close()
        self.ends["hung up"] += 1

    def stall(self):
        line = self.begin("POST", "/api/judge", {}, 1_000_000, b"\xff\xd8\xff")
        time.sleep(2)
        line.close()
        self.ends["stalled"] += 1

    def nonsense(self):
        path = self.dice.choice(["/api/uploads", "/api/feedback", "/api/judge?box=1,2,x", "/results/x.json", "/friends-uploads/uploads/x"])
        method = self.dice.choice(["POST", "PUT", "DELETE"])
        status, _ = self.call(method, path, self.dice.randbytes(200))
        self.ends[f"nonsense, {f'{method} {path} answered {status}' if status >= 500 else 'refused'}"] += 1

    def go_on(self, until):
        ways = [self.visit] * 12 + [self.judge_at_once] * 3 + [self.hang_up] * 2 + [self.stall, self.nonsense]
        while time.monotonic() < until:
            try:
                self.dice.choice(ways)()
            except (OSError, http.client.HTTPException) as error:
                self.ends[f"connection broke: {type(error).__name__}"] += 1


def resident_megabytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def slope(samples):
    """Megabytes an hour, by least squares."""
    times, values = zip(*samples)
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((t - middle) ** 2 for t in times)
    return 3600 * sum((t - middle) * (v - mean) for t, v in samples) / spread if spread else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--program", default=str(ROOT / "target/debug/friends"))
    args = parser.parse_args()
    photos = sorted(p for p in args.photos.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".gif"})
    if not photos:
        raise SystemExit(f"there is no photo below {args.photos}")
    ends = collections.Counter()
    with tempfile.TemporaryDirectory() as data, open(pathlib.Path(data, "log"), "wb") as log:
        command = [args.program, "serve", "--port", "0", "--behind-proxy", "--data", f"{data}/data"]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        host, port = server.stdout.readline().split("http://")[1].strip().strip("/").split(":")
        visitors = [Visitor(host, int(port), photos, seed, ends) for seed in range(args.clients)]
        begun, busy, at_rest = time.monotonic(), [], []
        while time.monotonic() < begun + 60 * args.minutes and server.poll() is None:
            until = min(time.monotonic() + 60, begun + 60 * args.minutes)
            threads = [threading.Thread(target=visitor.go_on, args=(until,)) for visitor in visitors]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads) and server.poll() is None:
                time.sleep(1)
                busy.append(resident_megabytes(server.pid))
            for thread in threads:
                thread.join()
            # Photos whose visitor hung up come to their end, and the allocator gives back what was free for ten seconds.
            time.sleep(15)
            if server.poll() is None:
                at_rest.append((time.monotonic() - begun, resident_megabytes(server.pid)))
        if server.poll() is not None:
            print(f"the server ended with {server.returncode}", file=sys.stderr)
        ended_early = server.poll() is not None
        server.terminate()
        code = server.wait()
        left = list(pathlib.Path(data, "data/objects/friends-uploads/uploads").glob("*"))
        halves = list(pathlib.Path(data, "data/objects").glob(".tmp.*"))
        panics = pathlib.Path(data, "log").read_text().count("panicked")
    half = at_rest[len(at_rest) // 2 :]
    print(f"{args.minutes:g} minutes, {args.clients} clients; exit code {code}, {panics} panics")
    for end, count in sorted(ends.items()):
        print(f"  {count:6}  {end}")
    rest = [megabytes for _, megabytes in at_rest]
    print(f"memory at work: {max(busy):.0f} MB at most")
    print(f"memory at rest: {rest[0]:.0f} MB after the first minute, {max(rest):.0f} at most, {rest[-1]:.0f} at last; ", end="")
    print(f"{slope(half):+.1f} MB an hour in the second half")
    print(f"left on disk: {len(left)} photos, {len(halves)} halves")
    sys.exit(bool(left or halves or panics or ended_early or ends["ticket did not end"]))


if __name__ == "__main__":
    main()
