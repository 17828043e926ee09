"""The diary, run again: how much a network from scratch, a frozen backbone and a fine-tuned one learn from few photos.

    models/training/diary PHOTOS [--test DIR] [--unknown DIR] [--each N ...] [--seeds N] [--only ARM ...] [--out DIR]

PHOTOS and --test hold <label>/ folders of pictures, with sources before a double underscore (<source>__<picture>.jpg); without --test every second
source of PHOTOS is kept for measuring. --unknown holds pictures of others, at any depth. From each label --each pictures are chosen by the seed,
the same ones for all arms:

  cnn-64, cnn-128                    the diary's first network, from scratch at 64 and 128 pixels, softmax, without augmentation
  cnn-64-views, cnn-128-views        the same with zoom, flip and rotation
  cnn-64-sigmoid                     with views and one sigmoid a label: below 0.5 everywhere, it is nobody
  frozen, frozen-heads               `friends train`, on whole pictures and on the heads that its detector finds
  frozen-whole                       the same on whole pictures with `--depth whole`: the backbone with its last block
  fine-tuned                         `friends train --fine-tune`, on whole pictures

"Named" is a highest score of 0.5 or more for networks from scratch and where a softmax is put on a bundle's logits for comparison, and one above the
bundle's threshold for bundles. AUROC is the chance that a known picture's highest score is above an unknown one's.

Figures go to OUT/runs.jsonl, a line a run; what is there is not run again, so a long table can be made in pieces. OUT/table.md and
OUT/plot.svg are made from all lines.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import matplotlib
import numpy as np
import tensorflow as tf

matplotlib.use("svg")
from matplotlib import pyplot

KINDS = {".jpg", ".jpeg", ".png", ".gif"}
# Networks from scratch: side in pixels, output, whether views are random.
SCRATCH = {
    "cnn-64": (64, "softmax", False),
    "cnn-64-views": (64, "softmax", True),
    "cnn-64-sigmoid": (64, "sigmoid", True),
    "cnn-128": (128, "softmax", False),
    "cnn-128-views": (128, "softmax", True),
}
# What `friends train` and `friends evaluate` are given besides.
BUNDLES = {
    "frozen": (["--whole"], []),
    "frozen-heads": ([], []),
    "frozen-whole": (["--whole"], ["--depth", "whole"]),
    "fine-tuned": (["--whole"], ["--fine-tune"]),
}
ARMS = [*SCRATCH, *BUNDLES]
# Passes over the pictures by a network from scratch.
EPOCHS, BATCH, RATE = 40, 32, 1e-3
# Steps of an epoch at least: few pictures are seen more often.
LEAST_STEPS = 8
ONE_HALF = 0.5
ROOT = pathlib.Path(__file__).resolve().parents[2]


def listed(folder):
    """Pictures by label: {label: [paths]}; unknown/ is no label."""
    labels = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "unknown")
    return {label.name: sorted(path for path in label.iterdir() if path.suffix.lower() in KINDS) for label in labels}


def source(path):
    """What is before a double underscore; a name without one is a source of its own."""
    before, mark, _ = path.stem.partition("__")
    return before if mark else f"{path.parent.name}/{path.stem}"


def halves(pictures):
    """Pictures of every second source, and of the others; a source keeps its side under all labels."""
    sources = sorted({source(path) for paths in pictures.values() for path in paths})
    side = {name: place % 2 for place, name in enumerate(sources)}
    return [{label: [path for path in paths if side[source(path)] == wanted] for label, paths in pictures.items()} for wanted in (0, 1)]


def linked(pictures, folder):
    """The pictures in a folder as `friends` reads it, with the names that they have."""
    for label, paths in pictures.items():
        (folder / label).mkdir(parents=True)
        for path in paths:
            (folder / label / path.name).symlink_to(path.resolve())
    return folder


def pixels(paths, side):
    """RGB [n, side, side, 3] from 0 to 1, as large as fits, on black."""
    decoded = [tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False) for path in paths]
    return np.stack([tf.image.resize_with_pad(picture, side, side, antialias=True).numpy() / 255 for picture in decoded])


def auroc(known, unknown):
    """The chance that a known picture's highest score is above an unknown one's; ties count half."""
    above = (known[:, None] > unknown[None]).mean() + (known[:, None] == unknown[None]).mean() / 2
    return float(above)


class Diary:
    def __init__(self, given, work):
        self.given, self.work = given, work
        everything = listed(given.photos)
        self.learn, self.test = (everything, listed(given.test)) if given.test else halves(everything)
        self.labels = sorted(self.learn)
        self.unknown = sorted(path for path in given.unknown.rglob("*") if path.suffix.lower() in KINDS) if given.unknown else []
        self.test_folder = linked(self.test, work / "test")
        self.pixels = {}

    def chosen(self, each, seed):
        dice = random.Random(seed)
        return {label: sorted(dice.sample(paths, min(each, len(paths)))) for label, paths in self.learn.items()}

    def measured(self, side):
        """Pictures to measure on, at a size: known ones, their classes, unknown ones."""
        if side not in self.pixels:
            paths = [path for label in self.labels for path in self.test[label]]
            classes = [number for number, label in enumerate(self.labels) for _ in self.test[label]]
            unknown = pixels(self.unknown, side) if self.unknown else np.zeros((0, side, side, 3), np.float32)
            self.pixels[side] = pixels(paths, side), np.array(classes), unknown
        return self.pixels[side]

    def run(self, arm, each, seed):
        chosen = self.chosen(each, seed)
        if arm in SCRATCH:
            return self.from_scratch(chosen, seed, *SCRATCH[arm])
        folder = linked(chosen, pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "photos")
        return self.by_friends(folder, seed, *BUNDLES[arm])

    def from_scratch(self, chosen, seed, side, output, augmented):
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        pictures = pixels([path for label in self.labels for path in chosen[label]], side)
        classes = np.repeat(np.arange(len(self.labels)), [len(chosen[label]) for label in self.labels])
        views = [layers.RandomZoom((-0.2, 0.2)), layers.RandomFlip("horizontal"), layers.RandomRotation(20 / 360)] if augmented else []
        convolutions = [layer for width in (32, 32, 64) for layer in (layers.Conv2D(width, 3, activation="relu"), layers.MaxPooling2D())]
        ends = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dropout(0.5), layers.Dense(len(self.labels), activation=output)]
        model = keras.Sequential([keras.Input((side, side, 3)), *views, *convolutions, *ends])
        loss = "binary_crossentropy" if output == "sigmoid" else "categorical_crossentropy"
        model.compile(keras.optimizers.Adam(RATE), loss, metrics=["categorical_accuracy"])
        truth = keras.utils.to_categorical(classes, len(self.labels))
        data = tf.data.Dataset.from_tensor_slices((pictures, truth)).shuffle(len(pictures), seed=seed).batch(min(BATCH, len(pictures)))
        steps = max(len(pictures) // BATCH, LEAST_STEPS)
        model.fit(data.repeat(), epochs=EPOCHS, steps_per_epoch=steps, verbose=0)

        known, classes, unknown = self.measured(side)
        scores = model.predict(known, verbose=0)
        figures = {
            "top1": float((scores.argmax(1) == classes).mean()),
            "learnt": float((model.predict(pictures, verbose=0).argmax(1) == truth.argmax(1)).mean()),
            "known_named": float((scores.max(1) >= ONE_HALF).mean()),
        }
        if len(unknown):
            others = model.predict(unknown, verbose=0).max(1)
            figures |= {"unknown_named": float((others >= ONE_HALF).mean()), "auroc": auroc(scores.max(1), others)}
        keras.backend.clear_session()
        return figures

    def by_friends(self, photos, seed, framing, training):
        bundle = photos.parent / "bundle"
        self.friends("train", photos, "--out", bundle, "--seed", seed, *framing, *training)
        unknown = ["--unknown", self.given.unknown] if self.given.unknown else []
        figures = json.loads(self.friends("evaluate", self.test_folder, "--model", bundle, "--json", *framing, *unknown))
        found = {"top1": figures["top1"], "ece": figures["ece"]}
        fits = json.loads((bundle / "manifest.json").read_text())["training"].get("fine_tuning", [])
        if fits:
            found["collapsed"] = sum(fit["collapsed"] for fit in fits)
        if others := figures.get("open_set"):
            found |= {"auroc": others["auroc"], "known_named": others["known_accepted"], "unknown_named": others["unknown_accepted"]}
            softmax = others["softmax"]
            found["softmax"] = {
                "auroc": softmax["auroc"], "known_named": softmax["known_over_one_half"], "unknown_named": softmax["unknown_over_one_half"]
            }
        return found

    def friends(self, *arguments):
        done = subprocess.run([self.given.friends, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout


def spread(values):
    """The mean, with the standard deviation where there is more than one run."""
    mean = statistics.mean(values)
    return f"{mean:.3f} ± {statistics.stdev(values):.3f}" if len(values) > 1 else f"{mean:.3f}"


def table(runs):
    """Markdown: an arm a row, photos of each label in columns; then what unknowns are taken for."""
    each = sorted({run["each"] for run in runs})
    most = each[-1]
    by = collections.defaultdict(list)
    for run in runs:
        by[run["arm"], run["each"]].append(run)
    lines = ["| top-1 | " + " | ".join(f"{count} of each" for count in each) + f" | on its own {most} | runs | minutes |", "|---" * (len(each) + 4) + "|"]
    arms = [arm for arm in ARMS if any(run["arm"] == arm for run in runs)]
    for arm in arms:
        cells = [spread([run["top1"] for run in by[arm, count]]) if by[arm, count] else "–" for count in each]
        own = [run["learnt"] for run in by[arm, most] if "learnt" in run]
        count = "/".join(str(len(by[arm, count])) for count in each)
        minutes = sum(run["seconds"] for run in runs if run["arm"] == arm) / 60
        lines.append(f"| {arm} | " + " | ".join(cells) + f" | {f'{statistics.mean(own):.3f}' if own else '–'} | {count} | {minutes:.1f} |")
    lines += ["", f"| {most} of each | AUROC | unknowns named | known ones named |", "|---|---|---|---|"]
    for arm in arms:
        these = [run for run in by[arm, most] if "auroc" in run]
        for name, figures in ((arm, these), (f"{arm}, by softmax", [run["softmax"] for run in these if "softmax" in run])):
            if figures:
                cells = [spread([one[figure] for one in figures]) for figure in ("auroc", "unknown_named", "known_named")]
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(runs, path):
    """Accuracy over photos of each label: a dot a run, a line through the means."""
    pyplot.rcParams |= {"svg.hashsalt": "diary", "svg.fonttype": "none", "font.family": "sans-serif"}
    figure, axes = pyplot.subplots(figsize=(8, 5))
    ticks = sorted({run["each"] for run in runs})
    for number, arm in enumerate(arm for arm in ARMS if any(run["arm"] == arm for run in runs)):
        these = [run for run in runs if run["arm"] == arm]
        each = sorted({run["each"] for run in these})
        means = [statistics.mean(run["top1"] for run in these if run["each"] == count) for count in each]
        line = axes.plot(each, means, label=arm, color=f"C{number}")[0]
        axes.scatter([run["each"] for run in these], [run["top1"] for run in these], s=14, color=line.get_color())
    least = min(run["top1"] for run in runs)
    axes.set(xlabel="photos of each label", ylabel="top-1 on photos not seen", xscale="log", ylim=(max(0, least - 0.05), 1))
    axes.set_xticks(ticks, [str(count) for count in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--test", type=pathlib.Path)
    parser.add_argument("--unknown", type=pathlib.Path)
    parser.add_argument("--each", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=ARMS, default=ARMS, metavar="ARM")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("target/diary"))
    parser.add_argument("--friends", type=pathlib.Path, default=ROOT / "target/debug/friends")
    given = parser.parse_args()
    for name in ("photos", "test", "unknown", "out", "friends"):
        setattr(given, name, getattr(given, name) and getattr(given, name).resolve())

    given.out.mkdir(parents=True, exist_ok=True)
    log = given.out / "runs.jsonl"
    runs = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    wanted = [(arm, each, seed) for each in sorted(given.each, reverse=True) for seed in range(1, given.seeds + 1) for arm in given.only]
    there = {(run["arm"], run["each"], run["seed"]) for run in runs}
    with tempfile.TemporaryDirectory() as work:
        diary = Diary(given, pathlib.Path(work))
        for arm, each, seed in wanted:
            if (arm, each, seed) in there:
                continue
            start = time.monotonic()
            figures = diary.run(arm, each, seed)
            run = {"arm": arm, "each": each, "seed": seed, "seconds": round(time.monotonic() - start, 1), **figures}
            runs.append(run)
            with log.open("a") as lines:
                lines.write(json.dumps(run) + "\n")
            print(f"{arm:15} {each:3} of each, seed {seed}: {figures['top1']:.3f} in {run['seconds']:.0f} s", flush=True)
    (given.out / "table.md").write_text(table(runs))
    plot(runs, given.out / "plot.svg")
    print((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
