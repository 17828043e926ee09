"""The function as one would write it in Python, for comparison: awslambdaric runs it, onnxruntime the same two networks.

PEER_DECODER says who decodes: `pillow`, which decodes a JPEG at the fraction that is asked for (`draft`), or `opencv` (`imdecode` at a
fraction). Best settings found on two cores: both networks loaded at once on two threads, one thread a run (two are slower at this size).
It finds faces, grows them to heads and scores them as our program does, so both answer alike.
"""

import base64
import io
import json
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

MODELS = pathlib.Path(os.environ["PEER_MODELS"])
DECODER = os.environ["PEER_DECODER"]
SIDE = 1600  # judging needs no more on the longer side
MOST_HEADS = 40

if DECODER == "opencv":
    import cv2

    cv2.setNumThreads(1)
else:
    from PIL import Image, ImageOps


def load(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


with ThreadPoolExecutor(2) as pool:
    loading = [pool.submit(load, MODELS / path) for path in ("face-detector/faces.onnx", "friends/backbone.onnx")]
    detector_manifest = json.loads((MODELS / "face-detector/manifest.json").read_text())
    manifest = json.loads((MODELS / "friends/manifest.json").read_text())
    head = json.loads((MODELS / "friends/head.json").read_text())
    weights, bias = np.array(head["weights"], np.float32), np.array(head["bias"], np.float32)
    detector, backbone = (future.result() for future in loading)
labels = [label["slug"] for label in manifest["labels"]]
thresholds = np.array([label["threshold"] for label in manifest["labels"]])


def decode(data):
    """The upright photo as an array, at the fraction that leaves 1600 pixels or more; and how many times smaller it is."""
    if DECODER == "opencv":
        # OpenCV does not tell the size before it decodes; Pillow's parser is not loaded here, so the frame header is read by hand.
        full = max(frame_size(data))
        flags = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
        fraction = next((n for n in (8, 4, 2) if full / n >= SIDE), 1)
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags.get(fraction, cv2.IMREAD_COLOR))
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), full / max(pixels.shape[:2])
    image = Image.open(io.BytesIO(data))
    full = max(image.size)
    image.draft("RGB", (SIDE, SIDE * min(image.size) // full))
    ImageOps.exif_transpose(image, in_place=True)
    image = image if image.mode == "RGB" else image.convert("RGB")
    return image, full / max(image.size)


def frame_size(data):
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])


def scaled(photo, box, size):
    """A part of the photo, scaled, as an array."""
    if DECODER == "opencv":
        x, y, right, bottom = (round(edge) for edge in box)
        return cv2.resize(photo[y:bottom, x:right], size, interpolation=cv2.INTER_AREA)
    return np.asarray(photo.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0))


def size_of(photo):
    return (photo.shape[1], photo.shape[0]) if DECODER == "opencv" else photo.size


def tensor(pixels):
    return np.ascontiguousarray((pixels.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])


def long_side(photo, side):
    """The longer side of the input for a look of this side."""
    longer, shorter = max(size_of(photo)), min(size_of(photo))
    return round(side * min(max((longer / shorter / 2) ** 0.5, 1), 3))


def look(photo, side):
    """Boxes and scores of one run of the network."""
    width, height = size_of(photo)
    scale = max(width, height) / side
    small = scaled(photo, (0, 0, width, height), (max(1, round(width / scale)), max(1, round(height / scale))))
    canvas = np.zeros((-(-small.shape[0] // 32) * 32, -(-small.shape[1] // 32) * 32, 3), np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    outputs = detector.run(None, {detector.get_inputs()[0].name: tensor(canvas)})
    frame, found = detector_manifest["frame"], []
    for stride, places, numbers in ((16, outputs[0][0], outputs[2][0]), (32, outputs[1][0], outputs[3][0])):
        scores = 1 / (1 + np.exp(-np.clip(places, -80, 80)))
        numbers = numbers.reshape(len(places), 16, *places.shape[1:])
        for box, row, column in zip(*np.nonzero(scores >= detector_manifest["threshold"])):
            dx, dy, w, h = (float(number) for number in numbers[box, :4, row, column])
            x = (column + 0.5) * stride + dx + frame["right"] * w
            y = (row + 0.5) * stride + dy + frame["down"] * h
            w, h = w * frame["width"] * scale, h * frame["height"] * scale
            x, y = x * scale - w / 2, y * scale - h / 2
            if min(w, h) >= detector_manifest["smallest_face"]:
                found.append((float(scores[box, row, column]), (x, y, x + w, y + h)))
    return found


def one_each(found):
    kept = []
    for score, box in sorted(found, reverse=True):
        if all(not same_face(box, other) for _, other in kept):
            kept.append((score, box))
    return kept


def faces(photo):
    """Boxes and scores, the surest first, one a face."""
    looks = detector_manifest["looks"]
    found = look(photo, long_side(photo, looks["first"]))
    if not found:
        found = look(photo, long_side(photo, looks["near"]))
    sure = one_each(found)
    small = 0.08 * max(size_of(photo))
    if all(area(box) ** 0.5 < small for _, box in sure):
        found += look(photo, long_side(photo, looks["crowd" if len(sure) > 1 else "far"]))
    return one_each(found)[:MOST_HEADS]


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def same_face(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / (area(a) + area(b) - both) >= 0.3 or both >= 0.7 * min(area(a), area(b))


def head_around(box, width, height):
    longer = max(box[2] - box[0], box[3] - box[1])
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 - 0.33 * longer
    half = 1.4 * longer
    return max(0, x - half), max(0, y - half), min(width, x + half), min(height, y + half)


def judge(photo, area):
    side = manifest["input"]["width"]
    width, height = area[2] - area[0], area[3] - area[1]
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.full((side, side, 3), 255, np.uint8)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = scaled(photo, area, size)
    output = backbone.run(None, {backbone.get_inputs()[0].name: tensor(canvas)})[0].ravel()
    roots = np.sign(output) * np.sqrt(np.abs(output))
    logits = weights @ (roots / np.linalg.norm(roots)) + bias
    scores = 1 / (1 + np.exp(-logits / manifest["calibration"]["temperature"]))
    order = np.argsort(-scores)
    best = order[0]
    verdict = {"kind": "match", "friend": labels[best]} if scores[best] >= thresholds[best] else {"kind": "none"}
    return verdict, [{"friend": labels[i], "score": float(scores[i])} for i in order]


def handler(event, _context):
    photo, smaller = decode(base64.b64decode(event["body"]))
    width, height = size_of(photo)
    heads = [(score, head_around(box, width, height)) for score, box in faces(photo)] or [(1.0, (0, 0, width, height))]
    answers = []
    for score, area in heads:
        verdict, scores = judge(photo, area)
        x, y, right, bottom = (float(edge) * smaller for edge in area)
        box = {"x": x, "y": y, "width": right - x, "height": bottom - y}
        answers.append({"box": box, "confidence": score, "verdict": verdict, "scores": scores})
    body = {"schema": 1, "status": "done", "faces": sorted(answers, key=lambda face: face["box"]["x"])}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
