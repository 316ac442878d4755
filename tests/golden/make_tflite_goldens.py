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
import ctypes
import os
import struct
import sys

import numpy as np
from PIL import Image

LIBRARY = 'node_modules/tfjs-tflite-node/cc_deps/linux_amd64/libtensorflowlite_c.so'
TYPES = {0: np.float32, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}
# Name, file, the tensor of logits (None: not kept).
FILES = [('portrait', 'portrait_dm05/deeplab_aiseg_quant513', 'logits/semantic/BiasAdd'),
         ('mnv2', 'coral_quant/deeplabv3_mnv2_pascal_quant', None),
         ('dm05', 'coral_quant/deeplabv3_mnv2_dm05_pascal_quant', None),
         ('cityscapes', 'coral_quant/deeplab_mobilenet_edgetpu_slim_cityscapes_quant', None),
         ('ade_int8', 'mlperf_ade20k/deeplabv3_mnv2_ade20k_int8', None),
         ('ade_uint8', 'mlperf_ade20k/deeplabv3_mnv2_ade20k_uint8', None),
         ('jejunet', 'jejunet_quant/mobilenet_v2_deeplab_v3_256_myquant', 'logits/semantic/BiasAdd')]
SAMPLES = ['integers', 'integers_uint8']


def load(folder):
    lite = ctypes.CDLL(os.path.join(folder, LIBRARY))
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in [
            ('Version', ctypes.c_char_p, []), ('ModelCreate', pointer, [ctypes.c_char_p, ctypes.c_size_t]),
            ('ModelDelete', None, [pointer]), ('InterpreterOptionsCreate', pointer, []),
            ('InterpreterCreate', pointer, [pointer, pointer]), ('InterpreterDelete', None, [pointer]),
            ('InterpreterAllocateTensors', number, [pointer]), ('InterpreterInvoke', number, [pointer]),
            ('InterpreterGetInputTensor', pointer, [pointer, number]),
            ('InterpreterGetOutputTensor', pointer, [pointer, number]), ('TensorType', number, [pointer]),
            ('TensorNumDims', number, [pointer]), ('TensorDim', number, [pointer, number]),
            ('TensorByteSize', ctypes.c_size_t, [pointer]), ('TensorData', pointer, [pointer])]:
        function = getattr(lite, 'TfLite' + name)
        function.restype, function.argtypes = result, arguments
    return lite


def read(lite, tensor):
    dims = [lite.TfLiteTensorDim(tensor, d) for d in range(lite.TfLiteTensorNumDims(tensor))]
    data = ctypes.string_at(lite.TfLiteTensorData(tensor), lite.TfLiteTensorByteSize(tensor))
    return np.frombuffer(data, TYPES[lite.TfLiteTensorType(tensor)]).reshape(dims).copy()


def run(lite, data, photo):
    """The first output for a photo (h, w, 3) u8; None for photo: its side."""
    model = lite.TfLiteModelCreate(data, len(data))
    engine = lite.TfLiteInterpreterCreate(model, lite.TfLiteInterpreterOptionsCreate())
    if lite.TfLiteInterpreterAllocateTensors(engine):
        sys.exit('TensorFlow Lite does not take the model')
    tensor = lite.TfLiteInterpreterGetInputTensor(engine, 0)
    if photo is None:
        result = lite.TfLiteTensorDim(tensor, 1)
    else:
        assert lite.TfLiteTensorType(tensor) == 3 and lite.TfLiteTensorByteSize(tensor) == photo.size
        ctypes.memmove(lite.TfLiteTensorData(tensor), np.ascontiguousarray(photo).ctypes.data, photo.size)
        if lite.TfLiteInterpreterInvoke(engine):
            sys.exit('TensorFlow Lite fails')
        result = read(lite, lite.TfLiteInterpreterGetOutputTensor(engine, 0))
    lite.TfLiteInterpreterDelete(engine)
    lite.TfLiteModelDelete(model)
    return result


# ---- the FlatBuffer, as far as it is needed to name another output ----
def unsigned(data, at):
    return struct.unpack_from('<I', data, at)[0]


def field(data, table, number):
    vtable = table - struct.unpack_from('<i', data, table)[0]
    return table + struct.unpack_from('<H', data, vtable + 4 + 2 * number)[0]


def follow(data, at):
    return at + unsigned(data, at)


def with_output(data, name):
    """The model with the tensor of that name as its output."""
    data = bytearray(data)
    graph = follow(data, follow(data, field(data, unsigned(data, 0), 2)) + 4)
    tensors = follow(data, field(data, graph, 0))
    for i in range(unsigned(data, tensors)):
        text = follow(data, field(data, follow(data, tensors + 4 + 4 * i), 3))
        if data[text + 4:text + 4 + unsigned(data, text)].decode() == name:
            struct.pack_into('<i', data, follow(data, field(data, graph, 2)) + 4, i)
            return bytes(data)
    sys.exit('no tensor ' + name)


def keep(lite, name, path, logits, photo_of):
    data = open(path, 'rb').read()
    side = run(lite, data, None)
    photo = photo_of(side)
    labels = run(lite, data, photo).reshape(side, side).astype(np.uint8)
    out = os.path.join('tests', 'golden', 'tflite', name)
    Image.fromarray(labels).save(out + '.png', optimize=True)
    if logits:
        np.save(out + '.npy', run(lite, with_output(data, logits), photo)[0])
    print(name, side, 'classes', *np.unique(labels))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    lite = load(sys.argv[1])
    print('TensorFlow Lite', lite.TfLiteVersion().decode())
    models = os.path.join(sys.argv[2] if len(sys.argv) > 2 else '../shared', 'data', 'models')
    os.makedirs('tests/golden/tflite', exist_ok=True)
    for name, path, logits in FILES:
        keep(lite, name, os.path.join(models, path + '.tflite'), logits, lambda side: np.asarray(
            Image.open(os.path.join(models, 'input_%d.png' % side)).convert('RGB')))
    for name in SAMPLES:
        keep(lite, name, 'tests/fuzz/corpus/tflite/%s.tflite' % name, 'logits', lambda side: (
            (37 * np.arange(side * side * 3) + 11) % 256).astype(np.uint8).reshape(side, side, 3))


if __name__ == '__main__':
    main()
