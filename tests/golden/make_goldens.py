#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tests/golden/resample/: small pictures and what Pillow's resize makes of them.

Needs Pillow (made with 9.4.0) and numpy. The pictures are seeded noise over gradients, so that every overshoot of the
Lanczos kernel is met. Names say it all: FILTER_IN_to_OUT[_box].png is IN.png resized; tests/unit/resample_test.c reads
the list resample.txt: filter, input, output, width, height, box.
"""
import pathlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent / "resample"
INPUTS = [(1, 1), (2, 3), (31, 19), (64, 5), (97, 61)]
FILTERS = {"lanczos": Image.Resampling.LANCZOS, "triangle": Image.Resampling.BILINEAR, "box": Image.Resampling.BOX}
CASES = [
    ("lanczos", (1, 1), (5, 3), None),
    ("lanczos", (2, 3), (7, 2), None),
    ("lanczos", (31, 19), (1, 1), None),
    ("lanczos", (31, 19), (31, 7), None),
    ("lanczos", (31, 19), (12, 19), None),
    ("lanczos", (31, 19), (80, 49), None),
    ("lanczos", (64, 5), (13, 1), None),
    ("lanczos", (97, 61), (51, 32), None),
    ("lanczos", (97, 61), (33, 47), (10.25, 3.5, 80.0, 59.75)),
    ("triangle", (31, 19), (10, 29), None),
    ("triangle", (97, 61), (24, 15), None),
    ("box", (31, 19), (10, 29), None),
    ("box", (97, 61), (24, 15), None),
]


def picture(width, height):
    random = numpy.random.default_rng(width * 1000 + height)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x // 4 + y // 4) % 2 * 255]
    noise = random.integers(-90, 91, (height, width, 3))
    return Image.fromarray(numpy.clip(numpy.stack(planes, -1) + noise, 0, 255).astype(numpy.uint8))


def main():
    FOLDER.mkdir(exist_ok=True)
    for width, height in INPUTS:
        picture(width, height).save(FOLDER / f"{width}x{height}.png", optimize=True)
    lines = []
    for name, size, out, box in CASES:
        source = f"{size[0]}x{size[1]}"
        target = f"{name}_{source}_to_{out[0]}x{out[1]}" + ("_box" if box else "")
        picture(*size).resize(out, FILTERS[name], box=box).save(FOLDER / f"{target}.png", optimize=True)
        x0, y0, x1, y1 = box or (0, 0, *size)
        lines.append(f"{name} {source}.png {target}.png {out[0]} {out[1]} {x0} {y0} {x1} {y1}\n")
    (FOLDER / "resample.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
