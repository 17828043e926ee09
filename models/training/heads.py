"""Trains the face detector on drawn scenes and photographs; `models/training/heads` draws the scenes and calls this.

MobileNetV1 up to stride 16 and one 1x1 convolution to 2x2 cells of 5 numbers a place: score, shift of the middle, width, height (see
src/core/heads/decode.rs). The score learns a Gaussian around each face's middle by the focal loss, the box its numbers by L1 (Zhou et al., "Objects
as points", 2019). Boxes labelled "vague" are neither face nor background.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf

import network

# Views are learnt from at one size, the network is exported for another.
TRAINING_SIZE, SIZE = 192, 224
BATCH = 32
# Pixels of a cell, the box that 0 means, and the sides of the smallest face in a view that is learnt.
CELL, BASE, SMALLEST = 8, 32.0, 9.0
# The convolutions of MobileNetV1 up to stride 16.
LAYERS = 23
# The share of views of photographs as they are, where there are any.
PHOTOS = 0.35
RATE, WARM_UP, WEIGHT_DECAY, CLIP_NORM = 1e-3, 100, 1e-4, 5.0
# The weights that are exported are a moving average.
AVERAGE = 0.998
# The weights of middle and extent in the loss.
BOX = (0.3, 0.3, 0.7, 0.7)
REPORT_EVERY = 100


@dataclasses.dataclass(frozen=True)
class Picture:
    """RGB [height, width, 3], boxes [n, 4] as x, y, width, height, and which of them are vague."""

    pixels: np.ndarray
    boxes: np.ndarray
    vague: np.ndarray


def load(folder):
    pictures = []
    for entry in json.loads((folder / "boxes.json").read_text()):
        pixels = tf.io.decode_image((folder / entry["file"]).read_bytes(), channels=3, expand_animations=False).numpy()
        labels = entry.get("labels") or [""] * len(entry["boxes"])
        boxes = np.array(entry["boxes"], np.float32).reshape(-1, 4)
        pictures.append(Picture(pixels, boxes, np.array([label == "vague" for label in labels], bool)))
    return pictures


def window(picture, dice):
    """A square of the picture, left, top and side: all of it, some of it, or one with a face of 12 to 140 pixels in the view."""
    height, width = picture.pixels.shape[:2]
    longer = max(width, height)
    large = picture.boxes[(picture.boxes[:, 2:].min(axis=1, initial=np.inf) > SMALLEST) & ~picture.vague]
    way = dice.random()
    if way < 0.22:
        side = longer * dice.uniform(0.9, 1.35)
        return -dice.random() * max(0.0, side - width), -dice.random() * max(0.0, side - height), side
    if way < 0.32 or not len(large):
        side = longer * math.exp(dice.uniform(-1.2, 0))
        return dice.uniform(0, max(1.0, width - side)), dice.uniform(0, max(1.0, height - side)), side
    x, y, w, h = large[dice.integers(len(large))]
    shown = math.exp(dice.uniform(math.log(12), math.log(140)))
    side = float(np.clip(math.sqrt(w * h) / shown * TRAINING_SIZE, 0.3 * longer, 2 * longer))
    left, top = x + w / 2 - dice.uniform(0.08, 0.92) * side, y + h / 2 - dice.uniform(0.08, 0.92) * side
    if dice.random() < 0.8:
        left = float(np.clip(left, 0, width - side)) if side < width else left
        top = float(np.clip(top, 0, height - side)) if side < height else top
    return left, top, side


def in_view(picture, left, top, side):
    """The boxes in the view as edges, clipped to it, and which are vague: cut off by more than half, or vague before."""
    edges = np.concatenate([picture.boxes[:, :2], picture.boxes[:, :2] + picture.boxes[:, 2:]], axis=1)
    edges = (edges - [left, top, left, top]) * (TRAINING_SIZE / side)
    clipped = edges.clip(0, TRAINING_SIZE)
    extent = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    share = extent(clipped) / np.maximum(extent(edges), 1e-6)
    seen = share > 0.1
    return clipped[seen], (picture.vague | (share < 0.5))[seen]


def target(boxes, vague):
    """What each cell should say, [cells, cells, 7]: heat, whether it counts, weight of the box, and the box's four numbers."""
    cells = TRAINING_SIZE // CELL
    heat, counts, weight = np.zeros((cells, cells)), np.ones((cells, cells)), np.zeros((cells, cells))
    numbers = np.zeros((cells, cells, 4))
    rows, columns = np.mgrid[:cells, :cells]
    for (left, top, right, bottom), unclear in zip(boxes, vague):
        width, height = right - left, bottom - top
        size = math.sqrt(max(width * height, 1e-3))
        if unclear or size < SMALLEST:
            counts[int(top / CELL) : int(bottom / CELL) + 1, int(left / CELL) : int(right / CELL) + 1] = 0
            continue
        x, y = (left + right) / 2 / CELL - 0.5, (top + bottom) / 2 / CELL - 0.5
        spread = max(0.45, 0.09 * size / CELL)
        bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))
        bump = np.minimum(np.where(bump < 0.01, 0, bump), 0.99)
        bump[np.clip(round(y), 0, cells - 1), np.clip(round(x), 0, cells - 1)] = 1
        own = (bump > heat) & (bump > 0.4)
        heat = np.maximum(heat, bump)
        weight[own] = bump[own]
        numbers[own] = np.stack(
            [x - columns[own], y - rows[own], np.full(own.sum(), math.log(width / BASE)), np.full(own.sum(), math.log(height / BASE))], 1
        )
    counts[heat >= 1] = 1
    return np.concatenate([heat[..., None], counts[..., None], weight[..., None], numbers], axis=2).astype(np.float32)


def batches(scenes, photos, seed):
    """Random views of scenes and photos, values 0 to 255, with their targets, for ever."""
    dice = np.random.default_rng(seed)
    while True:
        views, targets = [], []
        for _ in range(BATCH):
            pool = photos if photos and dice.random() < PHOTOS else scenes
            picture = pool[dice.integers(len(pool))]
            left, top, side = window(picture, dice)
            height, width = picture.pixels.shape[:2]
            # Edges as shares of the picture, as TensorFlow counts them: from the middle of the first pixel to that of the last.
            part = [[top / (height - 1), left / (width - 1), (top + side) / (height - 1), (left + side) / (width - 1)]]
            size = (TRAINING_SIZE, TRAINING_SIZE)
            view = tf.image.crop_and_resize(picture.pixels[None], part, [0], size, extrapolation_value=127)[0].numpy()
            boxes, vague = in_view(picture, left, top, side)
            if dice.random() < 0.5:
                view = view[:, ::-1]
                boxes = np.stack([TRAINING_SIZE - boxes[:, 2], boxes[:, 1], TRAINING_SIZE - boxes[:, 0], boxes[:, 3]], 1)
            views.append(view)
            targets.append(target(boxes, vague))
        yield np.stack(views), np.stack(targets)


def loss(expected, found):
    """Focal loss of the heat and L1 of the boxes, summed over a picture."""
    found = tf.nn.depth_to_space(found, 2)
    heat, counts, weight, numbers = expected[..., 0], expected[..., 1], expected[..., 2], expected[..., 3:]
    logit, share = found[..., 0], tf.sigmoid(found[..., 0])
    face = tf.cast(heat >= 1, tf.float32)
    hit = face * (1 - share) ** 2 * -tf.math.log_sigmoid(logit)
    alarm = (1 - face) * counts * (1 - heat) ** 4 * share**2 * -tf.math.log_sigmoid(-logit)
    box = weight * tf.reduce_sum(tf.abs(found[..., 1:] - numbers) * tf.constant(BOX), axis=-1)
    return tf.reduce_sum(hit + alarm + box, axis=(1, 2))


def detector(initial):
    """The network, from a backbone or from a detector."""
    model = network.read(initial)
    convolutions = [layer for layer in model.layers if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))]
    if model.output_shape[-1] == 20:
        return keras.Model(model.input, model.output, name="faces")
    # At first almost nothing is a face.
    bias = np.zeros(20, np.float32)
    bias[::5] = -3.5
    head = keras.layers.Conv2D(20, 1, padding="same", bias_initializer=keras.initializers.Constant(bias))
    return keras.Model(model.input, head(convolutions[LAYERS - 1].output), name="faces")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=pathlib.Path, help="drawn scenes with boxes.json")
    parser.add_argument("--photos", type=pathlib.Path, help="photographs with boxes.json")
    parser.add_argument("--initial", required=True, help="ONNX file with the weights to begin with")
    parser.add_argument("--out", required=True, help="the trained detector, an ONNX file")
    parser.add_argument("--steps", type=int, default=12500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", help="a CSV file for the loss")
    args = parser.parse_args()

    keras.utils.set_random_seed(args.seed)
    scenes, photos = load(args.scenes), load(args.photos) if args.photos else []
    print(f"{len(scenes)} scenes, {len(photos)} photographs, {args.steps} steps of {BATCH} views", flush=True)
    cells = TRAINING_SIZE // CELL
    signature = (
        tf.TensorSpec((BATCH, TRAINING_SIZE, TRAINING_SIZE, 3), tf.float32),
        tf.TensorSpec((BATCH, cells, cells, 7), tf.float32),
    )
    views = tf.data.Dataset.from_generator(lambda: batches(scenes, photos, args.seed), output_signature=signature)
    jitter = keras.Sequential(
        [
            keras.layers.RandomColorJitter(
                (0, 255), brightness_factor=0.25, contrast_factor=0.3, saturation_factor=(0.36, 0.64), hue_factor=0.1
            ),
            keras.layers.RandomGrayscale(0.15),
            keras.layers.RandomGaussianBlur(factor=0.2, kernel_size=3, sigma=1.0, value_range=(0, 255)),
            keras.layers.Rescaling(1 / 127.5, -1),
        ]
    )
    views = views.map(lambda batch, expected: (jitter(batch, training=True), expected)).prefetch(4)

    model = detector(args.initial)
    rate = keras.optimizers.schedules.CosineDecay(
        RATE / 100, args.steps, warmup_target=RATE, warmup_steps=min(WARM_UP, args.steps // 2)
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM, use_ema=True, ema_momentum=AVERAGE
    )
    model.compile(optimizer, loss)
    every = max(1, min(REPORT_EVERY, args.steps // 2))
    log = [keras.callbacks.CSVLogger(args.log)] if args.log else []
    model.fit(views, epochs=args.steps // every, steps_per_epoch=every, verbose=2, callbacks=log)
    optimizer.finalize_variable_values(model.trainable_variables)
    difference = network.write(model, args.out, SIZE)
    print(f"{args.out}: {os.path.getsize(args.out)} bytes; ONNX and Keras differ by {difference:.1e} at most")


if __name__ == "__main__":
    main()
