#!/usr/bin/env python3
"""Measures the training kit on labelled photos that it was not made for; prints the table of models/README.md.

    tests/bench/kit.py TRAIN TEST --strangers DIR [--people DIR] [--each 50 10] [--seeds 5] [--detect] [--friends PROGRAM]

TRAIN and TEST hold <slug>/ folders of other pictures of the same characters; --strangers holds pictures of other characters, at any
depth, --people of anybody. The pictures count as head crops unless --detect is given. Nothing is written beside a temporary folder.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

KINDS = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
SWAPPED = 0.10
ASKED = 0.05
NEGATIVES = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--strangers", type=Path, required=True)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--each", type=int, nargs="+", default=[50, 10])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--detect", action="store_true")
    parser.add_argument("--friends", type=Path, default=Path("target/debug/friends"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        kit = Kit(given, Path(work))
        kit.accuracy()
        kit.stated_share()
        kit.wrong_labels()
        kit.speed()


class Kit:
    def __init__(self, given, work):
        self.given, self.work = given, work
        self.whole = [] if given.detect else ["--whole"]
        self.seeds = range(1, given.seeds + 1)

    def friends(self, *arguments, **settings):
        done = subprocess.run([self.given.friends, *map(str, arguments)], check=False, capture_output=True, text=True, env={
            **os.environ, "FRIENDS_CACHE": str(self.work / "features"), **settings})
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def trained(self, photos, seed, *more):
        bundle = self.work / "bundle"
        self.friends("train", photos, "--out", bundle, "--force", "--seed", seed, *self.whole, *more)
        return bundle, json.loads((bundle / "manifest.json").read_text())["training"]

    def evaluated(self, bundle, unknown):
        return json.loads(self.friends("evaluate", self.given.test, "--model", bundle, "--json", "--unknown", unknown, *self.whole))

    def accuracy(self):
        for each in self.given.each:
            rows = []
            for seed in self.seeds:
                bundle, _ = self.trained(self.given.train, seed, "--each", each)
                figures = self.evaluated(bundle, self.given.strangers)
                strangers = figures["open_set"]
                row = {"top-1": figures["top1"], "ECE": figures["ece"], "AUROC": strangers["auroc"],
                       "strangers named at 95 % of the known": strangers["fpr_at_tpr95"],
                       "known named": strangers["known_accepted"], "strangers named": strangers["unknown_accepted"]}
                if self.given.people:
                    people = self.evaluated(bundle, self.given.people)["open_set"]
                    row |= {"people named at 95 % of the known": people["fpr_at_tpr95"], "people named": people["unknown_accepted"]}
                rows.append(row)
            print(f"\n{each} photos a label, mean of {len(rows)} seeds (least to most)")
            for name in rows[0]:
                values = [row[name] for row in rows]
                print(f"  {name:38} {statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")

    def stated_share(self):
        """Some strangers are given as unknowns; whether the share of the others that is named lies where the bundle says."""
        files = sorted(path for path in self.given.strangers.rglob("*") if path.suffix.lower() in KINDS)
        print(f"\n{NEGATIVES} strangers as unknowns, {ASKED:.0%} asked for: stated interval, measured on the other strangers")
        for seed in self.seeds:
            photos, others = self.work / "with-unknowns", self.work / "others"
            for folder in (photos, others):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.given.train, photos)
            chosen = set(random.Random(seed).sample(range(len(files)), NEGATIVES))
            for number, file in enumerate(files):
                folder = photos / "unknown" if number in chosen else others
                folder.mkdir(exist_ok=True)
                shutil.copy(file, folder / f"{number:05}{file.suffix}")
            bundle, training = self.trained(photos, seed, "--accept-unknown", ASKED)
            low, high = training["accept_unknown"]["interval"]
            open_set = self.evaluated(bundle, others)["open_set"]
            measured = open_set["unknown_accepted"]
            inside = "inside" if low <= measured <= high else "outside"
            print(f"  seed {seed}: {low:.3f} to {high:.3f}, measured {measured:.3f} of {open_set['unknown_n']}: {inside};"
                  f" known named {open_set['known_accepted']:.3f}, {training['head']['kind']} head")

    def wrong_labels(self):
        print(f"\n{SWAPPED:.0%} of the labels swapped at random: what the audit finds")
        for seed in self.seeds:
            photos = self.work / "swapped"
            shutil.rmtree(photos, ignore_errors=True)
            shutil.copytree(self.given.train, photos)
            dice = random.Random(seed)
            labels = sorted(folder.name for folder in photos.iterdir() if folder.is_dir() and folder.name != "unknown")
            files = sorted(file for label in labels for file in (photos / label).iterdir())
            swapped = {}
            for file in dice.sample(files, round(SWAPPED * len(files))):
                label = dice.choice([label for label in labels if label != file.parent.name])
                file.rename(photos / label / file.name)
                swapped[f"{label}/{file.name}"] = file.parent.name
            rows = json.loads(self.friends("audit", photos, "--json", "--seed", seed, *self.whole))
            doubted = [row for row in rows if row["suspect"] == "label"]
            found = [row for row in doubted if row["file"] in swapped]
            named = sum(row["suggested"] == swapped[row["file"]] for row in found)
            print(f"  seed {seed}: {len(found)} of {len(swapped)} found, {len(found) / max(1, len(doubted)):.2f} of those doubted;"
                  f" the right label suggested for {named}")

    def speed(self):
        count = sum(path.suffix.lower() in KINDS for path in self.given.train.rglob("*"))
        shutil.rmtree(self.work / "features")
        times = []
        for _ in range(2):
            start = time.monotonic()
            self.trained(self.given.train, 1)
            times.append(time.monotonic() - start)
        print(f"\n{count} photos: {times[0]:.1f} s, a second time {times[1]:.1f} s")


if __name__ == "__main__":
    main()
