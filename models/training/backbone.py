"""Trains the backbone of the Friends' bundle on drawn pictures; `models/training/backbone` draws them and calls this.

Three stages, each a cosine softmax over characters (Wang et al., "CosFace", 2018, without a margin):
1 many invented characters; 2 others and the described ones, three in five cut to the head; 3 the same and people without a costume as
one more class. What is exported is .425 of stage 2, .425 of stage 3 and .15 of the initial weights, averaged: closer to the initial
weights than either, which serves characters that the studio does not draw (Wortsman et al., "Robust fine-tuning", 2022).

An interrupted run goes on at the epoch that it was in (one takes 80 to 90 seconds on two cores) and skips finished stages. The best weights of
the stage so far, by the accuracy on held-out pictures, are always in OUT. log-N.csv beside the pictures holds loss and accuracy.
"""

import argparse
import csv
import dataclasses
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf

import network

# Pictures are stored at the size of serving and learnt from at a smaller one, which is faster and no worse.
SIZE, TRAINING_SIZE = 128, 96
BATCH = 64
# The scale of the cosines before the softmax.
SCALE = 20.0
LABEL_SMOOTHING = 0.05
WEIGHT_DECAY = 1e-4
CLIP_NORM = 5.0
# The share of all steps over which the rate rises.
WARM_UP = 0.05
# Every so many pictures of a class are held out to see how the training goes.
HOLD_OUT_EVERY = 12
# Weights of stage 2, stage 3 and the initial ones in the average.
AVERAGE = (0.425, 0.425, 0.15)
PEOPLE = "people"
# The files of a stage: its best weights so far, its log, and the folder of its checkpoint.
PARTS = (("best", ".weights.h5"), ("log", ".csv"), ("checkpoint", ""))


@dataclasses.dataclass(frozen=True)
class Stage:
    """What sets a stage apart from the others."""

    number: int
    # The folder of pictures, <class>/*.jpg.
    pictures: pathlib.Path
    # The rate of Adam at its highest.
    rate: float
    # Steps in which the classes alone are learnt, at four times the rate, before all layers are.
    head_steps: int
    # How far a picture is scaled down (under 0) or up.
    zoom: tuple
    # Pictures of each described character at most, and whether people are a class.
    described: int = 0
    people: bool = False


@keras.saving.register_keras_serializable()
class CosineSoftmax(keras.layers.Layer):
    """Logits: the cosines of the features to one learnt direction a class, times SCALE."""

    def __init__(self, classes, **options):
        super().__init__(**options)
        self.classes = classes

    def build(self, shape):
        self.directions = self.add_weight(shape=(shape[-1], self.classes), initializer="random_normal", name="directions")

    def call(self, features):
        return SCALE * keras.ops.normalize(features, axis=-1) @ keras.ops.normalize(self.directions, axis=0)


def views(zoom):
    """Random views of pictures with values 0 to 255, as the network wants them: TRAINING_SIZE, -1 to 1."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomZoom(zoom, fill_mode="nearest"),
            layers.RandomRotation(15 / 360, fill_mode="nearest"),
            layers.RandomTranslation(0.08, 0.08, fill_mode="nearest"),
            layers.Resizing(TRAINING_SIZE, TRAINING_SIZE),
            layers.RandomColorJitter(
                (0, 255), brightness_factor=0.2, contrast_factor=0.25, saturation_factor=(0.4, 0.6), hue_factor=0.06
            ),
            layers.RandomGrayscale(0.05),
            layers.RandomErasing(0.3, scale=(0.02, 0.12), value_range=(0, 255)),
            layers.Rescaling(1 / 127.5, -1),
        ]
    )


def load(stage):
    """Pictures as uint8 [n, SIZE, SIZE, 3], their classes, and the number of classes."""
    folders = sorted(folder for folder in stage.pictures.iterdir() if folder.is_dir())
    folders = [folder for folder in folders if stage.people or folder.name != PEOPLE]
    files, classes = [], []
    for number, folder in enumerate(folders):
        found = sorted(folder.glob("*.jpg"))
        if folder.name != PEOPLE and not folder.name.startswith("random-"):
            found = found[: stage.described]
        files += found
        classes += [number] * len(found)
    if not files:
        raise SystemExit(f"{stage.pictures} holds no pictures: draw them first (models/training/backbone does)")
    pictures = np.empty((len(files), SIZE, SIZE, 3), np.uint8)
    for place, file in enumerate(files):
        pictures[place] = tf.io.decode_jpeg(file.read_bytes(), channels=3)
    return pictures, np.array(classes, np.int32), len(folders)


def datasets(pictures, classes, count, view, seed):
    """Shuffled batches of random views to learn from, and batches that are held out."""
    held_out = np.arange(len(classes)) % HOLD_OUT_EVERY == HOLD_OUT_EVERY - 1

    def batches(places, change):
        def take(some):
            picture, label = tf.numpy_function(lambda i: (pictures[i], classes[i]), [some], (tf.uint8, tf.int32))
            picture.set_shape((None, SIZE, SIZE, 3))
            label.set_shape((None,))
            return change(tf.cast(picture, tf.float32)), tf.one_hot(label, count)

        return places.map(take, num_parallel_calls=2, deterministic=True).prefetch(2)

    learn = np.flatnonzero(~held_out)
    shuffled = tf.data.Dataset.from_tensor_slices(learn).shuffle(len(learn), seed=seed).batch(BATCH, drop_remainder=True)
    plain = keras.Sequential([keras.layers.Resizing(TRAINING_SIZE, TRAINING_SIZE), keras.layers.Rescaling(1 / 127.5, -1)])
    checks = tf.data.Dataset.from_tensor_slices(np.flatnonzero(held_out)).batch(BATCH)
    return batches(shuffled, lambda batch: view(batch, training=True)), batches(checks, plain), len(learn) // BATCH


class ExportBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best accuracy on held-out pictures, and exports them."""

    def __init__(self, backbone, weights, log, out):
        super().__init__()
        self.backbone, self.weights, self.out = backbone, weights, out
        with open(log, newline="") if log.exists() else open(os.devnull) as lines:
            self.best = max((float(row["val_accuracy"]) for row in csv.DictReader(lines)), default=-1.0)

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] > self.best or not self.weights.exists():
            self.best = max(self.best, logs["val_accuracy"])
            self.backbone.save_weights(self.weights)
            network.write(self.backbone, self.out, SIZE)


def compiled(backbone, head, rate, steps, warm_up):
    """The backbone and the classes behind it, ready for `steps` steps."""
    schedule = keras.optimizers.schedules.CosineDecay(rate / 100, steps, warmup_target=rate, warmup_steps=max(1, int(steps * warm_up)))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM)
    model = keras.Sequential([backbone, head])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def train(stage, backbone, epochs, work, out, seed):
    """Trains all layers of the backbone on a stage's pictures and leaves it with the best weights of the stage."""
    finished = work / f"stage-{stage.number}.weights.h5"
    if finished.exists():
        print(f"stage {stage.number}: finished before", flush=True)
        backbone.load_weights(finished)
        return
    keras.utils.set_random_seed(seed + stage.number)
    pictures, classes, count = load(stage)
    learn, checks, steps = datasets(pictures, classes, count, views(stage.zoom), seed + stage.number)
    print(f"stage {stage.number}: {len(classes)} pictures of {count} classes, {epochs} epochs of {steps} steps", flush=True)
    best, log, checkpoint = (work / f"{name}-{stage.number}{kind}" for name, kind in PARTS)

    head = CosineSoftmax(count)
    if not checkpoint.exists():
        backbone.trainable = False
        head_steps = min(stage.head_steps, steps)
        compiled(backbone, head, 4 * stage.rate, head_steps, 0).fit(learn.take(head_steps), verbose=2)
        backbone.trainable = True
    model = compiled(backbone, head, stage.rate, epochs * steps, WARM_UP)
    model.fit(
        learn,
        epochs=epochs,
        validation_data=checks,
        verbose=2,
        callbacks=[
            keras.callbacks.BackupAndRestore(checkpoint),
            ExportBest(backbone, best, log, out),
            keras.callbacks.CSVLogger(log, append=True),
        ],
    )
    backbone.load_weights(best)
    best.rename(finished)


def average(parts):
    """The weighted mean of lists of weights."""
    return [sum(share * array for share, array in zip(AVERAGE, arrays)) for arrays in zip(*parts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path, help="pictures in first/ and second/, checkpoints and logs beside them")
    parser.add_argument("--initial", type=pathlib.Path, required=True, help="ONNX file with the weights to begin with")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the trained backbone, an ONNX file")
    parser.add_argument("--epochs", type=int, nargs=3, default=(8, 7, 7), metavar=("ONE", "TWO", "THREE"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    first, second = args.work / "first", args.work / "second"
    stages = [
        Stage(1, first, rate=5e-4, head_steps=100, zoom=(-0.3, 0.1)),
        Stage(2, second, rate=4e-4, head_steps=200, zoom=(-0.3, 0.12), described=240),
        Stage(3, second, rate=4e-4, head_steps=200, zoom=(-0.35, 0.15), described=400, people=True),
    ]
    backbone = network.read(args.initial)
    initial = backbone.get_weights()
    weights = []
    for stage, epochs in zip(stages, args.epochs):
        train(stage, backbone, epochs, args.work, args.out, args.seed)
        weights.append(backbone.get_weights())
    backbone.set_weights(average([weights[1], weights[2], initial]))
    difference = network.write(backbone, args.out, SIZE)
    print(f"{args.out}: {backbone.output_shape[-1]} features; ONNX and Keras differ by {difference:.1e} at most")


if __name__ == "__main__":
    main()
