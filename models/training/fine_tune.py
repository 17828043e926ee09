"""Fine-tunes all layers of a backbone on labelled pictures; `friends train --fine-tune` writes the pictures and calls this.

WORK holds pictures.raw (uint8 [n, 128, 128, 3]), pictures.json ({"classes": k, "class": [n numbers, -1 for unknowns], "held_out": [n
truth values]}) and initial.onnx. Written are checked.onnx, which has not seen what is held out, and all.onnx, which has seen all.
Standard output is JSON, a line an epoch and a line a fit.

The classes begin as the means of the initial features and are learnt alone at first (--warm-up steps at four times the rate; with 0 they
begin at random, as without any care), then all layers, by Adam with a rate that rises over a twentieth of the steps and falls by a cosine,
with mixed pictures and label smoothing. The features are those of serving: signed square roots, scaled to length 1. The weights of the epoch
with the best accuracy on held-out pictures are kept, and averaged with the initial ones. A fit has collapsed when its last accuracy is not
finite or far below what nearest class means of the initial backbone reach on the same pictures. The first that has not collapsed is taken,
and its seed for the fit on all pictures.
"""

import argparse
import json
import math
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import backbone as studio
import keras
import numpy as np
import tensorflow as tf

import network

BATCH = 32
LABEL_SMOOTHING = 0.1
# Pictures of a batch are mixed with each other by shares that a Beta distribution of this parameter draws (Zhang et al., "mixup", 2018).
MIXING = 0.3
WARM_UP_SHARE = 0.05
# The share of the fine-tuned weights in those that are written; the rest are the initial ones, whose features stay good where the pictures say
# little (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). Chosen on fan art of 13 characters with 10 and 30 photos of each,
# three seeds: 0.65 had 0.007 to 0.009 more right than 0.8.
SHARE = 0.65
# Steps of an epoch at least: few pictures are seen more often.
LEAST_STEPS = 10
# So far below the initial backbone's accuracy a fit has collapsed.
COLLAPSE = 0.10
# Fits at most until one has not collapsed.
TRIES = 3


@keras.saving.register_keras_serializable()
class Roots(keras.layers.Layer):
    """Square roots of features that are at least 0; their gradient stays finite at 0."""

    def call(self, features):
        return keras.ops.sqrt(features + 1e-4)


def views():
    """Gentle random views: colours tell characters apart, and the pictures are few."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomZoom((-0.25, 0.05), fill_mode="nearest"),
            layers.RandomRotation(12 / 360, fill_mode="nearest"),
            layers.RandomTranslation(0.06, 0.06, fill_mode="nearest"),
            layers.Resizing(studio.TRAINING_SIZE, studio.TRAINING_SIZE),
            layers.RandomColorJitter(
                (0, 255), brightness_factor=0.1, contrast_factor=0.1, saturation_factor=(0.42, 0.58), hue_factor=0.02
            ),
            layers.RandomErasing(0.2, scale=(0.02, 0.08), value_range=(0, 255)),
            layers.Rescaling(1 / 127.5, -1),
        ]
    )


class Batches(keras.utils.PyDataset):
    """Random views of pictures in batches, mixed, made by one thread while the network learns: in one order, whatever the load."""

    def __init__(self, pictures, classes, count, steps, seed):
        super().__init__(workers=1, max_queue_size=4)
        self.pictures, self.classes, self.steps = pictures, classes, steps
        self.dice = np.random.default_rng(seed)
        self.order = np.zeros(0, int)
        self.batch = min(BATCH, len(pictures))
        view = views()

        @tf.function
        def batch(pictures, classes):
            return mixed(view(tf.cast(pictures, tf.float32), training=True), tf.one_hot(classes, count))

        self.make = batch

    def __len__(self):
        return self.steps

    def __getitem__(self, _):
        # Each picture once before any comes again, as far as whole batches allow.
        if len(self.order) < self.batch:
            self.order = self.dice.permutation(len(self.pictures))
        some, self.order = self.order[: self.batch], self.order[self.batch :]
        return tuple(self.make(self.pictures[some], self.classes[some]))


def mixed(pictures, truth):
    """A batch mixed with itself in another order, by one share of at least a half, and the truth likewise."""
    parts = tf.random.gamma([2], MIXING)
    share = tf.maximum(parts[0], parts[1]) / tf.reduce_sum(parts)
    others = tf.random.shuffle(tf.range(tf.shape(pictures)[0]))
    return [share * one + (1 - share) * tf.gather(one, others) for one in (pictures, truth)]


class Watch(keras.callbacks.Callback):
    """Says how each epoch went, keeps the weights of the best one on held-out pictures, and stops where numbers are no longer finite."""

    def __init__(self, backbone, facts):
        super().__init__()
        self.backbone, self.facts = backbone, facts
        self.finite, self.best, self.last, self.weights = True, None, None, None

    def on_epoch_end(self, epoch, logs):
        line = self.facts | {"epoch": epoch + 1, "loss": logs["loss"], "accuracy": logs["accuracy"]}
        self.last = logs.get("val_accuracy")
        if self.last is not None:
            line["held_out_accuracy"] = self.last
            if self.best is None or self.last >= self.best:
                self.best, self.weights = self.last, self.backbone.get_weights()
        say(line)
        self.finite = math.isfinite(logs["loss"])
        self.model.stop_training = not self.finite


class Fit:
    """Pictures, what is known of them, and how to learn from them."""

    def __init__(self, work, args):
        facts = json.loads((work / "pictures.json").read_text())
        self.work, self.args, self.count = work, args, facts["classes"]
        self.classes = np.array(facts["class"], np.int32)
        self.pictures = np.fromfile(work / "pictures.raw", np.uint8).reshape(-1, studio.SIZE, studio.SIZE, 3)
        known = self.classes >= 0
        held_out = np.array(facts["held_out"], bool) & known
        self.checks = np.flatnonzero(held_out)
        self.learn = {"checked": np.flatnonzero(known & ~held_out), "all": np.flatnonzero(known)}
        self.baseline = self.nearest_means(network.read(work / "initial.onnx"))

    def plain(self, places):
        pictures = tf.image.resize(self.pictures[places].astype(np.float32), (studio.TRAINING_SIZE,) * 2)
        return pictures.numpy() / 127.5 - 1

    def features(self, backbone, places):
        features = np.sqrt(np.maximum(backbone.predict(self.plain(places), batch_size=BATCH, verbose=0), 0))
        return features / np.linalg.norm(features, axis=1, keepdims=True)

    def means(self, backbone, places):
        features, classes = self.features(backbone, places), self.classes[places]
        return np.stack([features[classes == number].mean(0) for number in range(self.count)])

    def nearest_means(self, backbone):
        """The accuracy of nearest class means on held-out pictures; None where nothing is held out."""
        if not len(self.checks):
            return None
        means = self.means(backbone, self.learn["checked"])
        said = (self.features(backbone, self.checks) @ means.T).argmax(1)
        return float((said == self.classes[self.checks]).mean())

    def run(self, name, seed):
        """Fits the backbone on one set of pictures; returns it, and whether the fit collapsed."""
        args, places = self.args, self.learn[name]
        keras.utils.set_random_seed(seed)
        backbone = network.read(self.work / "initial.onnx")
        initial = backbone.get_weights()
        head = studio.CosineSoftmax(self.count)
        pictures, classes = self.pictures[places], self.classes[places]
        steps = max(len(places) // BATCH, LEAST_STEPS)
        learn = Batches(pictures, classes, self.count, steps, seed)
        checks = (self.plain(self.checks), keras.ops.one_hot(self.classes[self.checks], self.count)) if name == "checked" and len(self.checks) else None

        if args.warm_up:
            means = self.means(backbone, places)
            head.build((None, means.shape[1]))
            head.directions.assign(means.T)
            backbone.trainable = False
            self.compiled(backbone, head, 4 * args.rate, args.warm_up, 0).fit(Batches(pictures, classes, self.count, args.warm_up, seed), verbose=0)
            backbone.trainable = True
        model = self.compiled(backbone, head, args.rate, args.epochs * steps, WARM_UP_SHARE)
        watch = Watch(backbone, {"fit": name, "seed": seed, "epochs": args.epochs})
        start = time.monotonic()
        model.fit(learn, epochs=args.epochs, verbose=0, validation_data=checks, callbacks=[watch])
        tuned = backbone.get_weights() if watch.weights is None else watch.weights
        backbone.set_weights([SHARE * new + (1 - SHARE) * old for new, old in zip(tuned, initial)])
        collapsed = not watch.finite or (watch.last is not None and watch.last < self.baseline - COLLAPSE)
        say({"fit": name, "seed": seed, "collapsed": collapsed, "best": watch.best, "last": watch.last, "initial": self.baseline,
             "seconds": round(time.monotonic() - start, 1)})
        return backbone, collapsed

    def compiled(self, backbone, head, rate, steps, warm_up):
        schedule = rate
        if warm_up:
            schedule = keras.optimizers.schedules.CosineDecay(rate / 100, steps, warmup_target=rate, warmup_steps=max(1, int(steps * warm_up)))
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=studio.WEIGHT_DECAY, global_clipnorm=studio.CLIP_NORM)
        model = keras.Sequential([backbone, Roots(), head])
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
        model.compile(optimizer, loss, metrics=["accuracy"])
        return model


def say(line):
    print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True, help="fits that leave pictures out, each with its own seed, at least")
    args = parser.parse_args()

    # The same seed gives the same networks.
    tf.config.experimental.enable_op_determinism()
    fit = Fit(args.work, args)
    backbone = None
    for run in range(max(args.runs, TRIES)):
        if run >= args.runs and backbone:
            break
        tuned, collapsed = fit.run("checked", args.seed + run)
        if not (backbone or collapsed):
            backbone, seed = tuned, args.seed + run
    if not backbone:
        raise SystemExit(f"all of {run + 1} fits collapsed: give a lower --rate, or some steps of --warm-up")
    network.write(backbone, args.work / "checked.onnx", studio.SIZE)
    backbone, _ = fit.run("all", seed)
    difference = network.write(backbone, args.work / "all.onnx", studio.SIZE)
    say({"written": "all.onnx", "difference": difference})


if __name__ == "__main__":
    main()
