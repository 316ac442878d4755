# SPDX-License-Identifier: MIT
"""Writes tests/fuzz/corpus/tflite: small TensorFlow Lite models, good ones and broken ones, for the fuzzer, its replay
and the unit tests. Needs Python alone: FlatBuffers are laid out here, parents before children, weights last."""
import io
import os
import random
import struct
import zipfile

OPS = {'ADD': 0, 'AVERAGE_POOL_2D': 1, 'CONCATENATION': 2, 'CONV_2D': 3, 'DEPTHWISE_CONV_2D': 4, 'DEQUANTIZE': 6,
       'LOGISTIC': 14, 'MAX_POOL_2D': 17, 'MUL': 18, 'RESHAPE': 22, 'RESIZE_BILINEAR': 23, 'SOFTMAX': 25, 'CUSTOM': 32, 'PAD': 34,
       'BATCH_TO_SPACE_ND': 37, 'SPACE_TO_BATCH_ND': 38, 'TRANSPOSE': 39, 'MEAN': 40, 'SQUEEZE': 43,
       'STRIDED_SLICE': 45, 'ARG_MAX': 56, 'TILE': 69, 'SHAPE': 77, 'PACK': 83, 'QUANTIZE': 114, 'HARD_SWISH': 117,
       'DENSIFY': 124}
F32, F16, I32, U8, I64, I8 = 0, 1, 2, 3, 4, 9
# BuiltinOptions: what TensorFlow Lite itself wants to be told beside the options.
OPTIONS = {'CONV_2D': 1, 'DEPTHWISE_CONV_2D': 2, 'AVERAGE_POOL_2D': 5, 'MAX_POOL_2D': 5, 'CONCATENATION': 10, 'ADD': 11,
           'RESIZE_BILINEAR': 15, 'ARG_MAX': 40}
STORED = {F32: 'f', F16: 'e', I32: 'i', U8: 'B', I64: 'q', I8: 'b'}


class Table:
    """fields: number -> (struct format, value) or a node."""

    def __init__(self, fields):
        self.fields = {k: v for k, v in fields.items() if v is not None}


class Vector:
    """items by a struct format, nodes ('node'), or bytes: 'text' (a zero follows) and 'data' (aligned to 16)."""

    def __init__(self, form, items):
        self.form, self.items = form, list(items)


def text(string):
    return Vector('text', string.encode())


def emit(out, node):
    """Appends node and what it leads to; returns where it lies."""
    if isinstance(node, Vector):
        size = {'node': 4, 'text': 4, 'data': 16}.get(node.form) or struct.calcsize('<' + node.form)
        while (len(out) + 4) % max(size, 4):
            out.append(0)
        at = len(out)
        out += struct.pack('<I', len(node.items))
        if node.form in ('text', 'data'):
            out += bytes(node.items) + bytes(node.form == 'text')
            return at
        if node.form != 'node':
            out += struct.pack('<%d%s' % (len(node.items), node.form), *node.items)
            return at
        out += bytes(4 * len(node.items))
        for i, child in enumerate(node.items):
            place = at + 4 + 4 * i
            struct.pack_into('<I', out, place, emit(out, child) - place)
        return at
    order = sorted(node.fields, key=lambda k: -8 if isinstance(node.fields[k], tuple) and
                   struct.calcsize(node.fields[k][0]) == 8 else k)
    places, size = {}, 4
    for k in order:
        width = struct.calcsize('<' + node.fields[k][0]) if isinstance(node.fields[k], tuple) else 4
        size = (size + width - 1) // width * width
        places[k] = size
        size += width
    count = max(node.fields, default=-1) + 1
    while (len(out) + 4 + 2 * count) % 8:
        out.append(0)
    vtable = len(out)
    out += struct.pack('<HH', 4 + 2 * count, size)
    out += struct.pack('<%dH' % count, *[places.get(k, 0) for k in range(count)])
    at = len(out)
    out += bytes(size)
    struct.pack_into('<i', out, at, at - vtable)
    for k in sorted(places):
        value = node.fields[k]
        if isinstance(value, tuple):
            struct.pack_into('<' + value[0], out, at + places[k], value[1])
        else:
            child = emit(out, value)
            struct.pack_into('<I', out, at + places[k], child - at - places[k])
    return at


class Model:
    def __init__(self, seed, runs=False):
        """runs: in TensorFlow Lite, too."""
        self.random, self.runs = random.Random(seed), runs
        self.tensors, self.buffers, self.ops, self.codes = [], [Table({})], [], []

    def tensor(self, name, shape, kind=F32, quant=None, values=None, **more):
        fields = {0: Vector('i', shape), 1: ('b', kind), 3: text(name)}
        if values is not None:
            fields[2] = ('I', len(self.buffers))
            self.buffers.append(Table({0: Vector('data', struct.pack('<%d%s' % (len(values), STORED[kind]), *values))}))
        if quant:
            scales, zeros, axis = quant
            fields[4] = Table({2: Vector('f', scales), 3: Vector('q', zeros), 6: ('i', axis)})
        if more.get('open'):
            fields[7] = Vector('i', more['open'])
        if more.get('sparse'):
            fields[6] = Table({})
        self.tensors.append(Table(fields))
        return len(self.tensors) - 1

    def weights(self, name, shape, kind=F32, quant=None):
        count = 1
        for d in shape:
            count *= d
        if kind in (F32, F16):
            values = [self.random.uniform(-1, 1) for _ in range(count)]
        else:
            low, high = {U8: (0, 255), I8: (-127, 127), I32: (-100, 100)}[kind]
            values = [self.random.randint(low, high) for _ in range(count)]
        return self.tensor(name, shape, kind, quant, values)

    def integers(self, name, values, kind=I32):
        return self.tensor(name, [len(values)] if isinstance(values, list) else [], kind, None,
                           values if isinstance(values, list) else [values])

    def op(self, code, inputs, outputs, options=None, custom=None):
        key = (code, custom)
        if key not in self.codes:
            self.codes.append(key)
        fields = {0: ('I', self.codes.index(key)), 1: Vector('i', inputs), 2: Vector('i', outputs)}
        if options is not None:
            fields[4] = Table(options)
        if self.runs and code in OPTIONS:
            fields[3] = ('B', OPTIONS[code])
        self.ops.append(Table(fields))
        return outputs[0]

    def bytes(self, inputs, outputs, metadata=None):
        codes = [Table({0: ('b', min(OPS[c], 127)), 1: text(name) if name else None, 3: ('i', OPS[c])})
                 for c, name in self.codes]
        graph = Table({0: Vector('node', self.tensors), 1: Vector('i', inputs), 2: Vector('i', outputs),
                       3: Vector('node', self.ops)})
        named = None
        if metadata is not None:
            named = Vector('node', [Table({0: text('min_runtime_version'), 1: ('I', 0)}),
                                    Table({0: text('TFLITE_METADATA'), 1: ('I', len(self.buffers))})])
            self.buffers.append(Table({0: Vector('data', metadata)}))
        model = Table({0: ('I', 3), 1: Vector('node', codes), 2: Vector('node', [graph]),
                       4: Vector('node', self.buffers), 6: named})
        out = bytearray(b'\0\0\0\0TFL3')
        struct.pack_into('<I', out, 0, emit(out, model))
        return bytes(out)


def conv(padding=0, stride=1, activation=0, dilation=1):
    return {0: ('b', padding), 1: ('i', stride), 2: ('i', stride), 3: ('b', activation), 4: ('i', dilation),
            5: ('i', dilation)}


def depthwise(padding=0, stride=1, activation=0, dilation=1, multiplier=1):
    return {0: ('b', padding), 1: ('i', stride), 2: ('i', stride), 3: ('i', multiplier), 4: ('b', activation),
            5: ('i', dilation), 6: ('i', dilation)}


def pool(side):
    return {0: ('b', 1), 1: ('i', 1), 2: ('i', 1), 3: ('i', side), 4: ('i', side)}


def metadata(mean, deviation, file):
    """tflite-support's: how the input is scaled, in units of 0..255, and which file has the labels."""
    unit = Table({0: ('B', 1), 1: Table({0: Vector('f', mean), 1: Vector('f', deviation)})})
    photo, output = Table({0: text('photo'), 4: Vector('node', [Table({}), unit])}), \
        Table({0: text('labels'), 6: Vector('node', [Table({0: text(file), 2: ('b', 2)})])})
    out = bytearray(b'\0\0\0\0M001')
    struct.pack_into('<I', out, 0, emit(out, Table({0: text('DeepLab'), 3: Vector('node', [
        Table({2: Vector('node', [photo]), 3: Vector('node', [output])})])})))
    return bytes(out)


def with_files(model, files, method=zipfile.ZIP_STORED, own=False):
    """A ZIP archive behind the model; own: its offsets count from its own beginning."""
    out = io.BytesIO(b'' if own else model)
    with zipfile.ZipFile(out, 'w' if own else 'a', method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return model + out.getvalue() if own else out.getvalue()


def float_network(labels=True, described=None):
    """DeepLab in small: atrous depthwise twice over, a residual, image pooling, aligned corners."""
    m = Model(1)
    x = m.tensor('photo', [1, 9, 9, 3])
    a, b, c, d, e = (m.tensor(n, [1, 5, 5, 4]) for n in ('first', 'atrous', 'split', 'project', 'sum'))
    m.op('CONV_2D', [x, m.weights('first/w', [4, 3, 3, 3]), m.weights('first/b', [4])], [a], conv(0, 2, 3))
    m.op('DEPTHWISE_CONV_2D', [a, m.weights('atrous/w', [1, 3, 3, 4]), m.weights('atrous/b', [4])], [b],
         depthwise(0, 1, 3, 2))
    s, t = m.tensor('space', [4, 5, 5, 4]), m.tensor('batch', [4, 3, 3, 4])
    block, pads, crops = m.integers('block', [2, 2]), m.tensor('pads', [2, 2], I32, None, [2, 3, 2, 3]), \
        m.tensor('crops', [2, 2], I32, None, [0, 1, 0, 1])
    m.op('SPACE_TO_BATCH_ND', [b, block, pads], [s])
    m.op('DEPTHWISE_CONV_2D', [s, m.weights('split/w', [1, 3, 3, 4])], [t], depthwise(1, 1, 1))
    m.op('BATCH_TO_SPACE_ND', [t, block, crops], [c])
    m.op('CONV_2D', [c, m.weights('project/w', [4, 1, 1, 4]), m.weights('project/b', [4])], [d], conv())
    m.op('ADD', [d, a], [e], {0: ('b', 0)})
    p, q, r = m.tensor('pool', [1, 1, 1, 4]), m.tensor('pooled', [1, 1, 1, 4]), m.tensor('spread', [1, 5, 5, 4])
    m.op('AVERAGE_POOL_2D', [e], [p], pool(5))
    m.op('CONV_2D', [p, m.weights('pooled/w', [4, 1, 1, 4]), m.weights('pooled/b', [4])], [q], conv(0, 1, 1))
    m.op('RESIZE_BILINEAR', [q, m.integers('small', [5, 5])], [r], {2: ('b', 1)})
    u, logits, large, out = m.tensor('both', [1, 5, 5, 8]), m.tensor('logits', [1, 5, 5, 3]), \
        m.tensor('large', [1, 9, 9, 3]), m.tensor('labels', [1, 9, 9], I64)
    m.op('CONCATENATION', [r, e], [u], {0: ('i', 3)})
    m.op('CONV_2D', [u, m.weights('logits/w', [3, 1, 1, 8]), m.weights('logits/b', [3])], [logits], conv())
    m.op('RESIZE_BILINEAR', [logits, m.integers('size', [9, 9])], [large], {2: ('b', 1)})
    m.op('ARG_MAX', [large, m.integers('axis', 3)], [out], {0: ('b', I64)})
    return m.bytes([x], [out if labels else logits], described)


def quantised_network():
    """int8 per channel behind a uint8 input, limits that stand for activations, TILE, a decoder's second resize."""
    m = Model(2)
    act = lambda scale, zero: ([scale], [zero], 0)
    x = m.tensor('photo', [1, 8, 8, 3], U8, act(1 / 128, 128))
    i = m.tensor('input', [1, 8, 8, 3], I8, act(1 / 128, 0))
    m.op('QUANTIZE', [x], [i])
    a = m.tensor('relu6', [1, 4, 4, 4], I8, act(6 / 255, -128))
    channels = [0.01, 0.02, 0.03, 0.04]
    m.op('CONV_2D', [i, m.weights('relu6/w', [4, 3, 3, 3], I8, (channels, [0] * 4, 0)),
                     m.weights('relu6/b', [4], I32, ([c / 128 for c in channels], [0] * 4, 0))], [a], conv(0, 2))
    b = m.tensor('wide', [1, 4, 4, 4], I8, act(0.5, 3))
    m.op('DEPTHWISE_CONV_2D', [a, m.weights('wide/w', [1, 3, 3, 4], I8, (channels, [0] * 4, 3)),
                               m.weights('wide/b', [4], I32)], [b], depthwise())
    s = m.tensor('sum', [1, 4, 4, 4], I8, act(0.25, 0))
    m.op('ADD', [b, a], [s], {0: ('b', 1)})
    p, t = m.tensor('pool', [1, 1, 1, 4], I8, act(0.25, 0)), m.tensor('tile', [1, 4, 4, 4], I8, act(0.25, 0))
    m.op('AVERAGE_POOL_2D', [s], [p], pool(4))
    m.op('TILE', [p, m.integers('times', [1, 4, 4, 1])], [t])
    c = m.tensor('both', [1, 4, 4, 8], I8, act(0.25, 0))
    m.op('CONCATENATION', [t, s], [c], {0: ('i', -1)})
    l = m.tensor('logits', [1, 4, 4, 2], U8, act(0.1, 100))
    m.op('CONV_2D', [c, m.weights('logits/w', [2, 1, 1, 8], U8, act(0.02, 130))], [l], conv())
    d, r = m.tensor('real', [1, 4, 4, 2]), m.tensor('large', [1, 8, 8, 2])
    m.op('DEQUANTIZE', [l], [d])
    m.op('RESIZE_BILINEAR', [d, m.integers('size', [8, 8])], [r], {3: ('b', 1)})
    return m.bytes([x], [r])


def integer_network():
    """int8 per channel, all of it with a kernel in TensorFlow Lite: sums that are negative, zero points of all kinds, a
    dead channel."""
    m = Model(7, True)
    act = lambda scale, zero: ([scale], [zero], 0)
    x = m.tensor('photo', [1, 16, 16, 3], U8, act(1 / 128, 127))
    i = m.tensor('input', [1, 16, 16, 3], I8, act(1 / 128, -1))
    m.op('QUANTIZE', [x], [i])
    channels = [0.01, 0.02, 0.03, 1e-9]
    a = m.tensor('relu6', [1, 8, 8, 4], I8, act(6 / 255, -128))
    bias = m.tensor('relu6/b', [4], I32, ([c / 128 for c in channels], [0] * 4, 0), [300, -200, 7, 1 << 30])
    m.op('CONV_2D', [i, m.weights('relu6/w', [4, 3, 3, 3], I8, (channels, [0] * 4, 0)), bias], [a], conv(0, 2, 3))
    b = m.tensor('wide', [1, 8, 8, 4], I8, act(0.17, 3))
    channels = [0.01, 0.02, 0.015, 0.02]
    m.op('DEPTHWISE_CONV_2D', [a, m.weights('wide/w', [1, 3, 3, 4], I8, (channels, [0] * 4, 3)),
                               m.weights('wide/b', [4], I32, ([c * 6 / 255 for c in channels], [0] * 4, 0))], [b],
         depthwise(0, 1, 0, 2))
    s = m.tensor('sum', [1, 8, 8, 4], I8, act(0.2, -7))
    m.op('ADD', [b, a], [s], {0: ('b', 0)})
    p, t = m.tensor('pool', [1, 1, 1, 4], I8, act(0.2, -7)), m.tensor('tile', [1, 8, 8, 4], I8, act(0.2, -7))
    m.op('AVERAGE_POOL_2D', [s], [p], pool(8))
    m.op('TILE', [p, m.integers('times', [1, 8, 8, 1])], [t])
    q = m.tensor('requantised', [1, 8, 8, 4], I8, act(0.3, 10))
    m.op('QUANTIZE', [t], [q])
    u = m.tensor('coarse', [1, 8, 8, 4], I8, act(0.3, 10))
    m.op('QUANTIZE', [s], [u])
    c = m.tensor('both', [1, 8, 8, 8], I8, act(0.3, 10))
    m.op('CONCATENATION', [q, u], [c], {0: ('i', -1)})
    channels = [0.01, 0.012, 0.014]
    l, r, out = m.tensor('logits', [1, 8, 8, 3], I8, act(0.5, 20)), m.tensor('large', [1, 16, 16, 3], I8, act(0.5, 20)), \
        m.tensor('labels', [1, 16, 16], I64)
    m.op('CONV_2D', [c, m.weights('logits/w', [3, 1, 1, 8], I8, (channels, [0] * 3, 0)),
                     m.weights('logits/b', [3], I32, ([0.3 * c for c in channels], [0] * 3, 0))], [l], conv())
    m.op('RESIZE_BILINEAR', [l, m.integers('size', [16, 16])], [r], {3: ('b', 1)})
    m.op('ARG_MAX', [r, m.integers('axis', 3)], [out], {0: ('b', I64)})
    return m.bytes([x], [out])


def byte_network():
    """uint8 with one scale a tensor: zero points of weights, padding, parts of other scales, a tensor that is resized
    under another scale than its own."""
    m = Model(8, True)
    act = lambda scale, zero: ([scale], [zero], 0)
    x = m.tensor('photo', [1, 17, 17, 3], U8, act(1 / 128, 128))
    f = m.tensor('framed', [1, 19, 19, 3], U8, act(1 / 128, 128))
    m.op('PAD', [x, m.tensor('pads', [4, 2], I32, None, [0, 0, 1, 1, 1, 1, 0, 0])], [f])
    a = m.tensor('first', [1, 9, 9, 8], U8, act(0.05, 60))
    m.op('CONV_2D', [f, m.weights('first/w', [8, 3, 3, 3], U8, act(0.01, 117)), m.weights('first/b', [8], I32, act(0.01 / 128, 0))], [a],
         conv(1, 2))
    s, t, b = m.tensor('space', [4, 7, 7, 8], U8, act(0.05, 60)), m.tensor('batch', [4, 5, 5, 8], U8, act(0.04, 90)), \
        m.tensor('atrous', [1, 9, 9, 8], U8, act(0.04, 90))
    block, pads, crops = m.integers('block', [2, 2]), m.tensor('pads2', [2, 2], I32, None, [2, 3, 2, 3]), \
        m.tensor('crops', [2, 2], I32, None, [0, 1, 0, 1])
    m.op('SPACE_TO_BATCH_ND', [a, block, pads], [s])
    m.op('DEPTHWISE_CONV_2D', [s, m.weights('atrous/w', [1, 3, 3, 8], U8, act(0.006, 140)),
                               m.weights('atrous/b', [8], I32, act(0.05 * 0.006, 0))], [t], depthwise(1, 1, 0))
    m.op('BATCH_TO_SPACE_ND', [t, block, crops], [b])
    g = m.tensor('largest', [1, 9, 9, 8], U8, act(0.04, 90))
    m.op('MAX_POOL_2D', [b], [g], {0: ('b', 0), 1: ('i', 1), 2: ('i', 1), 3: ('i', 3), 4: ('i', 3), 5: ('b', 1)})
    p, q, w = m.tensor('pool', [1, 1, 1, 8], U8, act(0.04, 90)), m.tensor('pooled', [1, 1, 1, 4], U8, act(0.01, 0)), \
        m.tensor('spread', [1, 9, 9, 4], U8, act(0.03, 0))
    m.op('AVERAGE_POOL_2D', [g], [p], pool(9))
    m.op('CONV_2D', [p, m.weights('pooled/w', [4, 1, 1, 8], U8, act(0.02, 120)), m.weights('pooled/b', [4], I32, act(0.04 * 0.02, 0))], [q],
         conv(0, 1, 1))
    m.op('RESIZE_BILINEAR', [q, m.integers('small', [9, 9])], [w], {2: ('b', 1)})
    c = m.tensor('both', [1, 9, 9, 12], U8, act(0.07, 80))
    m.op('CONCATENATION', [w, b], [c], {0: ('i', 3)})
    l, r, out = m.tensor('logits', [1, 9, 9, 3], U8, act(0.1, 100)), m.tensor('large', [1, 17, 17, 3], U8, act(0.1, 100)), \
        m.tensor('labels', [1, 17, 17], I64)
    m.op('CONV_2D', [c, m.weights('logits/w', [3, 1, 1, 12], U8, act(0.02, 130)), m.weights('logits/b', [3], I32, act(0.07 * 0.02, 0))], [l],
         conv())
    m.op('RESIZE_BILINEAR', [l, m.integers('size', [17, 17])], [r], {2: ('b', 1)})
    m.op('ARG_MAX', [r, m.integers('axis', 3)], [out], {0: ('b', I64)})
    return m.bytes([x], [out])


def half_network():
    """float16 weights behind DEQUANTIZE and TRANSPOSE, an open size with shape arithmetic, squeeze-excite."""
    m = Model(3)
    x = m.tensor('photo', [1, 1, 1, 3], F32, None, None, open=[-1, -1, -1, 3])
    h, w, a = m.weights('w/half', [4, 3, 3, 3], F16), m.tensor('w', [4, 3, 3, 3]), m.tensor('first', [1, 1, 1, 4])
    m.op('DEQUANTIZE', [h], [w])
    m.op('CONV_2D', [x, w, -1], [a], conv(0, 2))
    g, mean, kept = m.tensor('swish', [1, 1, 1, 4]), m.tensor('mean', [1, 4]), m.tensor('kept', [1, 1, 1, 4])
    m.op('HARD_SWISH', [a], [g])
    m.op('MEAN', [g, m.integers('axes', [1, 2])], [mean], {})
    m.op('RESHAPE', [mean], [kept], {0: Vector('i', [1, 1, 1, 4])})
    e, turned, gate, scaled = m.tensor('excite', [1, 1, 1, 4]), m.tensor('turned', [4, 1, 1, 4]), \
        m.tensor('gate', [1, 1, 1, 4]), m.tensor('scaled', [1, 1, 1, 4])
    m.op('TRANSPOSE', [m.weights('e', [1, 1, 4, 4]), m.integers('order', [3, 0, 1, 2])], [turned])
    m.op('CONV_2D', [kept, turned], [e], conv())
    m.op('LOGISTIC', [e], [gate])
    m.op('MUL', [g, gate], [scaled], {})
    l, p = m.tensor('logits', [1, 1, 1, 2]), m.tensor('share', [1, 1, 1, 2])
    padded = m.tensor('padded', [1, 3, 3, 4])
    m.op('PAD', [scaled, m.tensor('pads', [4, 2], I32, None, [0, 0, 1, 1, 1, 1, 0, 0])], [padded])
    m.op('CONV_2D', [padded, m.weights('l', [2, 3, 3, 4])], [l], conv(1))
    s, sliced, size, r = m.tensor('shape', [4], I32), m.tensor('sides', [2], I32), m.tensor('size', [2], I32), \
        m.tensor('large', [1, 1, 1, 2])
    m.op('SHAPE', [x], [s])
    m.op('STRIDED_SLICE', [s, m.integers('from', [1]), m.integers('to', [3]), m.integers('step', [1])], [sliced], {})
    m.op('PACK', [m.integers('nine', 9), m.integers('eight', 8)], [size], {0: ('i', 2), 1: ('i', 0)})
    m.op('RESIZE_BILINEAR', [l, sliced], [r], {})
    m.op('SOFTMAX', [r], [p], {0: ('f', 1.0)})
    return m.bytes([x], [p, size])


def one_conv(kind, weights, side, value):
    """Weights that are all one value, behind a photo of that kind."""
    m = Model(9)
    quant = lambda other: ([0.01], [0], 0) if other in (U8, I8) else None
    x = m.tensor('photo', [1, 8, 8, 3], kind, quant(kind))
    w = m.tensor('w', [2, side, side, 3], weights, quant(weights), [value] * (6 * side * side))
    y = m.tensor('logits', [1, 8, 8, 2], kind, quant(kind))
    m.op('CONV_2D', [x, w], [y], conv())
    return m.bytes([x], [y])


def one_op(code, inputs=None, options=None, custom=None, outputs=1, **more):
    """The photo into one operation, whose second input is a constant of float weights."""
    m = Model(4)
    x = m.tensor('photo', more.get('photo', [1, 8, 8, 3]), more.get('kind', F32), more.get('quant'))
    w = m.tensor('w', [2, 1, 1, 3], F32, None, [.1] * 6, sparse=more.get('sparse'))
    y = m.tensor('result', [1, 8, 8, 2], more.get('out', F32), more.get('out_quant'))
    m.op(code, inputs if inputs is not None else [x, w], [y] * outputs, options, custom)
    return m.bytes(more.get('ins', [x]), more.get('outs', [y]))


def cycle():
    m = Model(5)
    x, a, b = (m.tensor(n, [1, 8, 8, 3]) for n in ('photo', 'a', 'b'))
    m.op('ADD', [x, b], [a], {})
    m.op('ADD', [x, a], [b], {})
    return m.bytes([x], [b])


def shared_constants():
    """Sixty tensors of one buffer, each to be laid out anew."""
    m = Model(6)
    x = m.tensor('photo', [1, 8, 8, 3])
    w = m.weights('w', [3, 17, 17, 3])
    y = x
    for i in range(60):
        fields = dict(m.tensors[w].fields)
        fields[3] = text('w%d' % i)
        m.tensors.append(Table(fields))
        copy, after = len(m.tensors) - 1, m.tensor('y%d' % i, [1, 8, 8, 3])
        m.op('CONV_2D', [y, copy], [after], conv())
        y = after
    return m.bytes([x], [y])


def broken_archive():
    """The first byte of what is compressed is none of Deflate's."""
    out = bytearray(with_files(float_network(), {'labelmap.txt': NAMES}, zipfile.ZIP_DEFLATED))
    out[out.index(b'labelmap.txt') + 12] = 0xff
    return bytes(out)


NAMES = b'nothing\r\nsomebody\nM\xc3\xbcll \xff\x01\n\n'
DESCRIBED = float_network(True, metadata([127.5], [127.5, 127.5, 127.5], 'classes/names.txt'))
BROKEN = bytearray(metadata([127.5], [64.0], 'labelmap.txt'))
struct.pack_into('<I', BROKEN, 0, 0x7fffffff)

SAMPLES = {
    'labels': with_files(float_network(), {'labelmap.txt': NAMES}),
    'labels_described': with_files(DESCRIBED, {'labelmap.txt': b'no\n', 'classes/names.txt': NAMES},
                                   zipfile.ZIP_DEFLATED),
    'labels_own': with_files(float_network(), {'labels.txt': NAMES}, zipfile.ZIP_DEFLATED, True),
    'labels_few': with_files(float_network(), {'labelmap.txt': b'one\ntwo\n'}),
    'labels_huge': with_files(float_network(), {'labelmap.txt': b'a' * 70000}, zipfile.ZIP_DEFLATED),
    'labels_broken': broken_archive(),
    'metadata_unit': float_network(True, metadata([0, 0, 0], [255, 255, 255], 'none.txt')),
    'metadata_zero': float_network(True, metadata([0], [0], 'none.txt')),
    'metadata_broken': float_network(True, bytes(BROKEN)),
    'edgetpu': one_op('CUSTOM', custom='edgetpu-custom-op', kind=U8, quant=([0.0078125], [128], 0)),
    'float': float_network(),
    'logits': float_network(False),
    'quantised': quantised_network(),
    'integers': integer_network(),
    'integers_uint8': byte_network(),
    'inexact': one_conv(U8, U8, 10, 255),
    'exact': one_conv(U8, U8, 9, 255),
    'weights_only': one_conv(F32, I8, 1, 100),
    'half': half_network(),
    'custom': one_op('CUSTOM', custom='Convolution2DTransposeBias'),
    'densify': one_op('DENSIFY', [0]),
    'sparse': one_op('CONV_2D', options=conv(), sparse=True),
    'cycle': cycle(),
    'shared': shared_constants(),
    'dangling': one_op('ADD', [0, 77], {}),
    'twice': one_op('ADD', [0, 0], {}, outputs=2),
    'nothing': one_op('ADD', [0, 0], {}, outs=[]),
    'constant-input': one_op('CONV_2D', options=conv(), ins=[1], photo=[1, 8, 8, 3]),
    'grey': one_op('CONV_2D', options=conv(), photo=[1, 8, 8, 1]),
    'window': one_op('CONV_2D', options=conv(stride=0)),
    'tanh': one_op('CONV_2D', options=conv(activation=4)),
    'multiplier': one_op('DEPTHWISE_CONV_2D', options=depthwise(multiplier=2)),
    'scale': one_op('CONV_2D', options=conv(), out=U8, out_quant=([-1.0], [0], 0)),
    'bytes': one_op('QUANTIZE', [0], kind=U8),
}

if __name__ == '__main__':
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus', 'tflite')
    os.makedirs(folder, exist_ok=True)
    for name, data in SAMPLES.items():
        with open(os.path.join(folder, name + '.tflite'), 'wb') as file:
            file.write(data)
