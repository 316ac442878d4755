#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What TensorFlow Lite itself makes of quantised networks: labels, and logits as the integers they are.

usage: make_tflite_goldens.py FOLDER [SHARED]

FOLDER: where npm has put tfjs-tflite-node (bench/peers/run --install: build/peers); its package brings TensorFlow
Lite 2.9.0's C library for Linux on x86-64. SHARED: the folder with data/models, default ../shared.
Writes tests/golden/tflite/NAME.png (a label a pixel, of data/models/input_SIDE.png) and NAME.npy (logits before the last
resize, as stored), for real files and for the small networks of tests/fuzz/corpus/tflite, whose photo has bytes
(37 i + 11) mod 256. Needs NumPy and Pillow. Run from the repository.
"""
import os
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join('bench', 'peers'))
import tensorflow_lite  # noqa: E402

# Name, file, whether logits are kept.
FILES = [('portrait', 'portrait_dm05/deeplab_aiseg_quant513', True),
         ('mnv2', 'coral_quant/deeplabv3_mnv2_pascal_quant', False),
         ('dm05', 'coral_quant/deeplabv3_mnv2_dm05_pascal_quant', False),
         ('cityscapes', 'coral_quant/deeplab_mobilenet_edgetpu_slim_cityscapes_quant', False),
         ('ade_int8', 'mlperf_ade20k/deeplabv3_mnv2_ade20k_int8', False),
         ('ade_uint8', 'mlperf_ade20k/deeplabv3_mnv2_ade20k_uint8', False),
         ('jejunet', 'jejunet_quant/mobilenet_v2_deeplab_v3_256_myquant', True)]
SAMPLES = ['integers', 'integers_uint8']


def run(lite, data, photo_of):
    """The photo's side and the first output for it."""
    types = {2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}
    engine = tensorflow_lite.Interpreter(lite, data, 1)
    side = engine.input.dims[1]
    engine.input.write(photo_of(side).tobytes())
    engine.run()
    output = engine.output()
    return side, np.frombuffer(output.read(), types[output.type]).reshape(output.dims)


def keep(lite, name, path, logits, photo_of):
    data = open(path, 'rb').read()
    side, labels = run(lite, data, photo_of)
    labels = labels.reshape(side, side).astype(np.uint8)
    out = os.path.join('tests', 'golden', 'tflite', name)
    Image.fromarray(labels).save(out + '.png', optimize=True)
    if logits:
        file = tensorflow_lite.File(data)
        np.save(out + '.npy', run(lite, file.ended_at(file.logits()), photo_of)[1][0])
    print(name, side, 'classes', *np.unique(labels))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    lite = tensorflow_lite.load(sys.argv[1])
    if not lite:
        sys.exit('no tfjs-tflite-node under ' + sys.argv[1])
    print('TensorFlow Lite', lite.TfLiteVersion().decode())
    models = os.path.join(sys.argv[2] if len(sys.argv) > 2 else '../shared', 'data', 'models')
    os.makedirs('tests/golden/tflite', exist_ok=True)
    for name, path, logits in FILES:
        keep(lite, name, os.path.join(models, path + '.tflite'), logits, lambda side: np.asarray(
            Image.open(os.path.join(models, 'input_%d.png' % side)).convert('RGB')))
    for name in SAMPLES:
        keep(lite, name, 'tests/fuzz/corpus/tflite/%s.tflite' % name, True, lambda side: (
            (37 * np.arange(side * side * 3) + 11) % 256).astype(np.uint8).reshape(side, side, 3))


if __name__ == '__main__':
    main()
