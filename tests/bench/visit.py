#!/usr/bin/env python3
"""How long a visitor waits, from choosing a photo to reading who it is, in a real browser on a slow phone and a slow line.

    tests/bench/visit.py PHOTO URL [URL...]     # each URL is a running service, for instance of two versions

The processor is slowed down four times and the line is "Fast 3G" as the browser's own tools have it. Services are asked in turn, round by
round, so that all meet the same machine. Needs chromedriver and chromium.
"""

import argparse
import base64
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.request

LINE = {"offline": False, "latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
# Chooses the photo as the file dialog would, and tells the time until the name is there.
VISIT = """
const done = arguments[arguments.length - 1];
const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
const chosen = new DataTransfer();
chosen.items.add(new File([bytes], 'photo.jpg', { type: 'image/jpeg' }));
const input = document.getElementById('library');
input.files = chosen.files;
const begun = performance.now();
const times = {};
new MutationObserver(() => {
  const { state } = document.body.dataset;
  times[state] ??= performance.now() - begun;
  if (!['preparing', 'uploading', 'judging'].includes(state)) requestAnimationFrame(() => done([state, performance.now() - begun, times]));
}).observe(document.body, { attributeFilter: ['data-state'] });
input.dispatchEvent(new Event('change'));
"""


class Phone:
    """A browser of its own over chromedriver."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        port = next(line.rsplit(" ", 1)[1].strip(" .\n") for line in self.driver.stdout if "successfully on port" in line)
        self.address = f"http://127.0.0.1:{port}/session"
        args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", f"--user-data-dir={self.profile.name}"]
        options = {"args": args, "mobileEmulation": {"deviceMetrics": {"width": 360, "height": 640, "pixelRatio": 2.0}}}
        session = self.post("", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.address += f"/{session['sessionId']}"
        self.post("/timeouts", {"script": 120_000})

    def post(self, path, body):
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["value"]

    def cdp(self, command, **params):
        self.post("/goog/cdp/execute", {"cmd": command, "params": params})

    def visit(self, url, photo):
        """State at the end, milliseconds in all, and when each state began."""
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", **{**LINE, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
        self.cdp("Emulation.setCPUThrottlingRate", rate=1)
        self.post("/url", {"url": url})
        self.post("/execute/sync", {"script": "localStorage.clear();", "args": []})
        self.cdp("Emulation.setCPUThrottlingRate", rate=4)
        self.cdp("Network.emulateNetworkConditions", **LINE)
        return self.post("/execute/async", {"script": VISIT, "args": [photo]})

    def close(self):
        self.driver.terminate()
        self.driver.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=pathlib.Path)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    photo = base64.b64encode(args.photo.read_bytes()).decode()
    phone = Phone()
    waits = {url: [] for url in args.urls}
    judging = {url: [] for url in args.urls}
    try:
        for done in range(args.rounds + 1):
            for url in args.urls:
                state, wait, times = phone.visit(url, photo)
                if state != "done":
                    sys.exit(f"{url}: the visit ended as {state}")
                if done:  # the first round opens connections and fills caches
                    waits[url].append(wait)
                    judging[url].append(wait - times["uploading"])
            print(f"\rround {done} of {args.rounds}", end="", file=sys.stderr, flush=True)
    finally:
        phone.close()
    print(file=sys.stderr)
    first = statistics.median(waits[args.urls[0]])
    for url in args.urls:
        median = statistics.median(waits[url])
        print(f"{url}: {median:.0f} ms from choosing to the name ({min(waits[url]):.0f} to {max(waits[url]):.0f}), "
              f"{statistics.median(judging[url]):.0f} of them from the first byte sent; {median - first:+.0f} ms beside the first")


if __name__ == "__main__":
    main()
