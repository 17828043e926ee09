"""The faces that ONNX Runtime finds in photos with our network: the golden boxes of `tests/face_detector.rs`.

    tests/peers/.venv/bin/python tests/peers/golden.py PHOTO…
"""

import os
import pathlib
import sys

os.environ.setdefault("PEER_MODELS", str(pathlib.Path(__file__).resolve().parents[2] / "models"))
os.environ.setdefault("PEER_DECODER", "pillow")

import python_function  # It reads the environment when it is imported.

for photo in sys.argv[1:]:
    print(photo)
    pixels, smaller = python_function.decode(pathlib.Path(photo).read_bytes())
    for score, (left, top, right, bottom) in python_function.faces(pixels):
        x, y, width, height = (side * smaller for side in (left, top, right - left, bottom - top))
        print(f"    (Rect {{ x: {x:.2f}, y: {y:.2f}, width: {width:.2f}, height: {height:.2f} }}, {score:.4f}),")
