#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tests/golden/network/ from a folder of an independent engine's outputs on the sample photo.

usage: make_network_goldens.py REFERENCE_DIR NAME

REFERENCE_DIR holds NAME.logits.npy, made by onnxruntime (1.30, CPU) from the same weights, and NAME.labels.png; NAME is
the photo that is tools/samples/person.jpg here. Kept are the labels, every fourth logit in both directions, and the
CRC-32 of the RGB bytes of two pictures that Pillow and numpy make: the photo resized to 513, and the tutorial's
composite of it with tools/samples/autumn.jpg.
"""
import pathlib
import shutil
import sys
import zlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent / "network"
SAMPLES = FOLDER.parents[2] / "tools" / "samples"


def resized(path):
    image = Image.open(path).convert("RGB")
    ratio = 513.0 / max(image.size)
    return numpy.asarray(image.resize(tuple(int(ratio * side) for side in image.size), Image.Resampling.LANCZOS))


def under(background, height, width):
    """Cropped at the top left; padded with zeros before the top and the left where it is smaller."""
    background = background[:height, :width]
    pad = (height - background.shape[0], 0), (width - background.shape[1], 0), (0, 0)
    return numpy.pad(background, pad)


def main():
    reference, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    FOLDER.mkdir(exist_ok=True)
    shutil.copyfile(reference / f"{name}.labels.png", FOLDER / "person.labels.png")
    numpy.save(FOLDER / "person.logits.npy", numpy.ascontiguousarray(numpy.load(reference / f"{name}.logits.npy")[::4, ::4]))
    photo = resized(SAMPLES / "person.jpg")
    labels = numpy.asarray(Image.open(FOLDER / "person.labels.png"))
    composite = numpy.where((labels == 15)[..., None], photo, under(resized(SAMPLES / "autumn.jpg"), *photo.shape[:2]))
    crc = [zlib.crc32(numpy.ascontiguousarray(picture).tobytes()) for picture in (photo, composite)]
    (FOLDER / "person.crc32").write_text("resized %08x\nclassic %08x\n" % tuple(crc))


if __name__ == "__main__":
    main()
