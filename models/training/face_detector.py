"""Trains the face detector on drawn scenes and photographs; `models/training/face-detector` draws the scenes and calls this.

Begins with the weights of an ONNX file and trains all layers. A face teaches the box that answers it best, by score and overlap, and up to two
more that overlap it well (as in Ge et al., "YOLOX", 2021); scores learn by the focal loss (Lin et al., 2017), boxes by the mean distance of
their edges over the face's size. Boxes labelled "vague" are neither face nor background. What is exported is `--share` of a moving average of
the trained weights and the rest of the initial ones: training on drawings forgets real faces, the average of both does not (Wortsman et al.,
"Robust fine-tuning", 2022).

Views show a face of 11 to 250 of 256 pixels or a part of a picture without any, as they are, mirrored, tilted by up to 40 degrees, darker or
lighter, against the light, in other colors, gray or blurred.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import face_network
import keras
import numpy as np
import tensorflow as tf

SIZE, BATCH = 256, 24
STRIDES, BOXES, NUMBERS = (16, 32), (2, 6), 16
# Faces in a view that are learnt, and the smallest of them.
FACES, SMALLEST = 12, 11.0
# The sides of the face that a view is chosen for, in pixels; and the share of such views that show one that fills them.
SHOWN, FILLING, FILLING_SHARE = (13, 150), (150, 250), 0.2
# The share of views of photographs as they are, where there are any.
PHOTOS = 0.45
RATE, WARM_UP, CLIP_NORM = 4e-5, 60, 5.0
# The weights that are exported are a moving average.
AVERAGE = 0.995
# What a face weighs against the background in the focal loss, and its exponent.
FACE_WEIGHT, FOCUS = 0.6, 2.0
# A face teaches further boxes that overlap it by this much; boxes that overlap one by this much are no background.
TAUGHT_IOU, NEAR_IOU = 0.5, 0.4
TILT_SHARE, TILT = 0.3, 40.0
REPORT_EVERY = 50
# What a row of a truth is.
NOTHING, FACE, VAGUE = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Picture:
    """RGB [height, width, 3], boxes [n, 4] as x, y, width, height, and which of them are vague."""

    pixels: np.ndarray
    boxes: np.ndarray
    vague: np.ndarray


def load(folder, frame):
    """The pictures of a folder, their boxes in the frame that the network draws."""
    pictures = []
    for entry in json.loads((folder / "boxes.json").read_text()):
        pixels = tf.io.decode_image((folder / entry["file"]).read_bytes(), channels=3, expand_animations=False).numpy()
        labels = entry.get("labels") or [""] * len(entry["boxes"])
        boxes = in_frame(np.array(entry["boxes"], np.float32).reshape(-1, 4), frame)
        pictures.append(Picture(pixels, boxes, np.array([label == "vague" for label in labels], bool)))
    return pictures


def in_frame(boxes, frame):
    """Boxes as this project's truth draws them, in the frame of the network."""
    width, height = boxes[:, 2] / frame["width"], boxes[:, 3] / frame["height"]
    x = boxes[:, 0] + boxes[:, 2] / 2 - frame["right"] * width - width / 2
    y = boxes[:, 1] + boxes[:, 3] / 2 - frame["down"] * height - height / 2
    return np.stack([x, y, width, height], axis=1)


def window(picture, dice):
    """A square of the picture, left, top and side: all of it, some of it, or one with a face in it."""
    height, width = picture.pixels.shape[:2]
    longer = max(width, height)
    large = picture.boxes[(picture.boxes[:, 2:].min(axis=1, initial=np.inf) > SMALLEST) & ~picture.vague]
    way = dice.random()
    if way < 0.3:
        side = longer * dice.uniform(0.95, 1.25)
        return -dice.random() * max(0.0, side - width), -dice.random() * max(0.0, side - height), side
    if way < 0.42 or not len(large):
        # Anything, most often bodies and surroundings.
        side = longer * math.exp(dice.uniform(-1.2, 0))
        return dice.uniform(0, max(1.0, width - side)), dice.uniform(0, max(1.0, height - side)), side
    x, y, w, h = large[dice.integers(len(large))]
    fills = dice.random() < FILLING_SHARE
    shown = math.exp(dice.uniform(*(math.log(bound) for bound in (FILLING if fills else SHOWN))))
    side = float(np.clip(math.sqrt(w * h) / shown * SIZE, 0.05 * longer if fills else 0.25 * longer, 1.5 * longer))
    margin = 0.35 if fills else 0.08
    left, top = x + w / 2 - dice.uniform(margin, 1 - margin) * side, y + h / 2 - dice.uniform(margin, 1 - margin) * side
    if dice.random() < 0.8:
        left = float(np.clip(left, 0, width - side)) if side < width else left
        top = float(np.clip(top, 0, height - side)) if side < height else top
    return left, top, side


def placed(left, top, side, turn):
    """From pixels of the picture to those of the view: a matrix [2, 3]."""
    scale, angle = SIZE / side, math.radians(turn)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    middle_x, middle_y = left + side / 2, top + side / 2
    x = SIZE / 2 - cos * middle_x + sin * middle_y
    y = SIZE / 2 - sin * middle_x - cos * middle_y
    return np.array([[cos, -sin, x], [sin, cos, y]])


def in_view(picture, matrix, turn):
    """The faces in the view as edges, clipped to it, and their kinds: vague ones are cut off by more than half, tiny, or vague before."""
    middles = picture.boxes[:, :2] + picture.boxes[:, 2:] / 2
    middles = middles @ matrix[:, :2].T + matrix[:, 2]
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    # A tilted face is wider and lower than an upright one, between its own sides and those of one on its side.
    sine = abs(math.sin(math.radians(turn)))
    width, height = (picture.boxes[:, 2:] * scale).T
    width, height = width + (height - width) * sine**2, height + (width - height) * sine**2
    edges = np.concatenate([middles, middles], axis=1) + np.stack([-width, -height, width, height], axis=1) / 2
    clipped = edges.clip(0, SIZE)
    extent = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    share = extent(clipped) / np.maximum(extent(edges), 1e-6)
    vague = picture.vague | (share < 0.5) | (np.sqrt(np.maximum(extent(edges), 0)) < SMALLEST)
    seen = np.flatnonzero(share > 0.1)
    seen = seen[np.argsort(-extent(clipped)[seen])][:FACES]
    return clipped[seen], np.where(vague[seen], VAGUE, FACE)


def drawn(pixels, matrix):
    """The view, values 0 to 255, black outside of the picture; what is shrunk is averaged first."""
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    if scale < 0.7:
        height, width = pixels.shape[:2]
        size = max(1, round(height * scale)), max(1, round(width * scale))
        pixels = tf.image.resize(pixels, size, antialias=True).numpy()
        matrix = matrix @ np.diag([width / size[1], height / size[0], 1])
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    # From the middles of pixels to the middles of pixels.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    numbers = (np.linalg.inv(shift) @ inverse @ shift).ravel()[:8].astype(np.float32)
    image = tf.convert_to_tensor(pixels[None], tf.float32)
    view = tf.raw_ops.ImageProjectiveTransformV3(
        images=image,
        transforms=numbers[None],
        output_shape=[SIZE, SIZE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return view[0].numpy()


def lit(view, dice):
    """The view under another light and in other colors; what is outside of the picture stays black."""
    outside = (view == 0).all(axis=2, keepdims=True)
    if dice.random() < 0.7:
        view = 128 + (view - 128) * dice.uniform(0.6, 1.3) + dice.uniform(-35, 35)
    if dice.random() < 0.15:
        # Against the light: bright at one side, dark in the middle.
        rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
        angle = dice.uniform(0, 2 * math.pi)
        slope = (columns - 0.5) * math.cos(angle) + (rows - 0.5) * math.sin(angle)
        view = view * dice.uniform(0.5, 0.8) + (100 * np.clip(slope, 0, 1))[..., None]
    if dice.random() < 0.3:
        view = view * dice.uniform(0.75, 1.25, 3)
    if dice.random() < 0.15:
        view = np.repeat(view.mean(axis=2, keepdims=True), 3, axis=2)
    if dice.random() < 0.1:
        view = (view + np.roll(view, 1, 0) + np.roll(view, 1, 1) + np.roll(view, (1, 1), (0, 1))) / 4
    return np.where(outside, 0, view).clip(0, 255)


def batches(scenes, photos, seed):
    """Random views of scenes and photos, values -1 to 1, with the faces in them, for ever: edges and kind, [FACES, 5] a view."""
    dice = np.random.default_rng(seed)
    while True:
        views, truths = [], []
        for _ in range(BATCH):
            pool = photos if photos and dice.random() < PHOTOS else scenes
            picture = pool[dice.integers(len(pool))]
            left, top, side = window(picture, dice)
            turn = dice.uniform(-TILT, TILT) if dice.random() < TILT_SHARE else 0.0
            matrix = placed(left, top, side, turn)
            view = drawn(picture.pixels, matrix)
            edges, kinds = in_view(picture, matrix, turn)
            if dice.random() < 0.5:
                view = view[:, ::-1]
                edges = np.stack([SIZE - edges[:, 2], edges[:, 1], SIZE - edges[:, 0], edges[:, 3]], axis=1)
            truth = np.zeros((FACES, 5), np.float32)
            truth[: len(edges), :4], truth[: len(edges), 4] = edges, kinds
            views.append((lit(view, dice) / 127.5 - 1).astype(np.float32))
            truths.append(truth)
        yield np.stack(views), np.stack(truths)


def middles():
    """The middles of the cells that the boxes belong to, in the order of `joined`, [boxes, 2]."""
    rows = []
    for stride, boxes in zip(STRIDES, BOXES):
        ys, xs = np.mgrid[: SIZE // stride, : SIZE // stride]
        cells = np.stack([xs.ravel(), ys.ravel()], axis=1) * stride + stride / 2
        rows.append(np.repeat(cells, boxes, axis=0))
    return np.concatenate(rows).astype(np.float32)


def joined(outputs):
    """One tensor of all boxes, [batch, boxes, 5]: logit, shift right and down, width, height."""
    scores = keras.ops.concatenate([keras.layers.Reshape((-1, 1))(output) for output in outputs[:2]], axis=1)
    numbers = keras.ops.concatenate([keras.layers.Reshape((-1, NUMBERS))(output)[:, :, :4] for output in outputs[2:]], axis=1)
    return keras.ops.concatenate([scores, numbers], axis=2)


def overlap(boxes, faces):
    """Intersection over union of edges [batch, n, 4] and [batch, m, 4], [batch, n, m]."""
    boxes, faces = boxes[:, :, None], faces[:, None]
    sides = tf.maximum(tf.minimum(boxes[..., 2:], faces[..., 2:]) - tf.maximum(boxes[..., :2], faces[..., :2]), 0)
    extent = lambda edges: tf.reduce_prod(tf.maximum(edges[..., 2:] - edges[..., :2], 1e-3), axis=-1)
    both = tf.reduce_prod(sides, axis=-1)
    return both / (extent(boxes) + extent(faces) - both + 1e-6)


def make_loss():
    cells = tf.constant(middles())

    def loss(truth, found):
        faces, kind = truth[..., :4], truth[..., 4]
        is_face, is_vague = tf.cast(kind == FACE, tf.float32), kind == VAGUE
        logit, score = found[..., 0], tf.sigmoid(found[..., 0])
        middle, extent = found[..., 1:3] + cells, found[..., 3:5]
        boxes = tf.concat([middle - extent / 2, middle + extent / 2], axis=-1)
        shares = overlap(boxes, faces)
        # What each face is answered by.
        at = cells[None, :, None]
        inside = tf.reduce_all((at > faces[:, None, :, :2] - 4) & (at < faces[:, None, :, 2:] + 4), axis=-1)
        cost = (
            tf.where(inside, 0.0, 100.0)
            - tf.math.log(tf.stop_gradient(score)[..., None] + 1e-3)
            - 3 * tf.math.log(tf.stop_gradient(shares) + 1e-2)
        )
        best = tf.math.top_k(-tf.transpose(cost, [0, 2, 1]), 3)
        shared = tf.gather(tf.transpose(shares, [0, 2, 1]), best.indices, batch_dims=2)
        is_first = tf.range(3)[None, None] == 0
        taken = (best.values > -50) & (is_face[..., None] > 0) & (is_first | (shared > TAUGHT_IOU))
        chosen = tf.one_hot(best.indices, len(cells)) * tf.cast(taken, tf.float32)[..., None]
        answers = tf.reduce_max(chosen, axis=[1, 2])
        whose = tf.gather(faces, tf.argmax(tf.reduce_max(chosen, axis=2), axis=1), batch_dims=1)
        # Neither face nor background: what lies on a face beside its answers, and what has its middle in a vague one.
        known = tf.cast(kind != NOTHING, tf.float32)
        near = tf.reduce_max(shares * known[:, None], axis=-1) > NEAR_IOU
        spot = middle[:, :, None]
        within = tf.reduce_all((spot > faces[:, None, :, :2]) & (spot < faces[:, None, :, 2:]), axis=-1)
        ignored = near | tf.reduce_any(within & is_vague[:, None], axis=-1)
        counts = 1 - tf.cast(ignored, tf.float32) * (1 - answers)
        right = tf.where(answers > 0, score, 1 - score)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=answers, logits=logit)
        weight = tf.where(answers > 0, FACE_WEIGHT, 1 - FACE_WEIGHT)
        focal = (1 - right) ** FOCUS * entropy * weight * counts
        size = tf.sqrt(tf.maximum(tf.reduce_prod(whose[..., 2:] - whose[..., :2], axis=-1), 1.0))
        edges = tf.reduce_mean(tf.abs(boxes - whose), axis=-1) / size * answers
        return tf.reduce_sum(focal + edges) / (tf.reduce_sum(answers) + 1) * 4

    return loss


def scattered(array, dice):
    """Random weights in place of these; biases are 0.

    Kernels are as large as He et al. (2015) say, those of 1x1 a fifth of it: each adds to what 30 blocks before it have added up.
    """
    if array.ndim == 1:
        return np.zeros_like(array)
    inputs = array.shape[0] * array.shape[1] * (1 if array.shape[3] == 1 else array.shape[2])
    scale = 0.2 if array.shape[:2] == (1, 1) else 1.0
    return dice.normal(0, scale * math.sqrt(2 / inputs), array.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=pathlib.Path, help="drawn scenes with boxes.json")
    parser.add_argument("--photos", type=pathlib.Path, help="photographs with boxes.json")
    parser.add_argument("--initial", required=True, help="ONNX file with the weights to begin with")
    parser.add_argument("--manifest", type=pathlib.Path, required=True, help="manifest.json with the network's frame")
    parser.add_argument("--out", required=True, help="the trained detector, an ONNX file")
    parser.add_argument("--scratch", action="store_true", help="begin with random weights instead")
    parser.add_argument("--share", type=float, default=0.5, help="the share of the trained weights in the exported ones, 0 to 1")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--rate", type=float, default=RATE, help="the rate of Adam at its highest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", help="a CSV file for the loss")
    args = parser.parse_args()

    keras.utils.set_random_seed(args.seed)
    frame = json.loads(args.manifest.read_text())["frame"]
    scenes, photos = load(args.scenes, frame), load(args.photos, frame) if args.photos else []
    print(f"{len(scenes)} scenes, {len(photos)} photographs, {args.steps} steps of {BATCH} views", flush=True)
    signature = (tf.TensorSpec((BATCH, SIZE, SIZE, 3), tf.float32), tf.TensorSpec((BATCH, FACES, 5), tf.float32))
    views = tf.data.Dataset.from_generator(lambda: batches(scenes, photos, args.seed), output_signature=signature).prefetch(4)

    network = face_network.read(args.initial)
    if args.scratch:
        dice = np.random.default_rng(args.seed)
        network.set_weights([scattered(array, dice) for array in network.get_weights()])
    model = keras.Model(network.input, joined(network.outputs))
    rate = keras.optimizers.schedules.CosineDecay(
        args.rate / 100, args.steps, warmup_target=args.rate, warmup_steps=min(WARM_UP, args.steps // 2)
    )
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=CLIP_NORM, use_ema=True, ema_momentum=AVERAGE)
    model.compile(optimizer, make_loss())
    every = max(1, min(REPORT_EVERY, args.steps // 2))
    log = [keras.callbacks.CSVLogger(args.log)] if args.log else []
    model.fit(views, epochs=args.steps // every, steps_per_epoch=every, verbose=2, callbacks=log)
    optimizer.finalize_variable_values(model.trainable_variables)
    difference = face_network.write(network, args.initial, args.out, args.share)
    print(f"{args.out}: {os.path.getsize(args.out)} bytes; ONNX and Keras differ by {difference:.1e} of the largest output")


if __name__ == "__main__":
    main()
