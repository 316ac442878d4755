#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small ONNX models, written byte by byte, and what they compute, by a plain evaluation in NumPy of ONNX's definitions.

Writes tests/fuzz/corpus/onnx/NAME.onnx, the external data beside tests/fuzz/shards, and tests/golden/onnx/NAME.npy: the
logits (h, w, classes) for a photo whose byte i is (37 i + 11) mod 256; NAME_HxW.npy: at another size than the export's. Needs NumPy. Run from the repository.
"""
import os
import struct
import numpy as np

rng = np.random.default_rng(1)


# ---- protobuf ----
def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack('<f', value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


TYPES = {'float32': 1, 'uint8': 2, 'int8': 3, 'int32': 6, 'int64': 7, 'float16': 10, 'float64': 11}
BFLOAT16 = 16


def tensor(name, a, how='raw', offset=0):
    a = np.asarray(a)
    kind = BFLOAT16 if how == 'bfloat16' else TYPES[str(a.dtype)]
    out = b''.join(field(1, d) for d in a.shape) + field(2, kind) + field(8, name)
    if how == 'bfloat16':
        return out + field(9, (a.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    if how == 'raw':
        return out + field(9, a.tobytes())
    if how == 'external':
        entries = [('location', 'onnx/data.bin'), ('offset', str(offset)), ('length', str(a.nbytes))]
        return out + b''.join(field(13, field(1, k) + field(2, v)) for k, v in entries) + field(14, 1)
    if a.dtype == np.float32:
        return out + field(4, a.tobytes())
    if a.dtype == np.float16:
        return out + field(5, b''.join(varint(int(v)) for v in a.view(np.uint16).ravel()))
    if a.dtype == np.float64:
        return out + field(10, a.tobytes())
    return out + field(7 if a.dtype == np.int64 else 5, b''.join(varint(int(v)) for v in a.ravel()))


def attribute(name, v):
    out = field(1, name)
    if isinstance(v, (list, tuple)):
        number, kind = (7, 6) if isinstance(v[0], float) else (8, 7)
        return out + b''.join(field(number, x) for x in v) + field(20, kind)
    if isinstance(v, (np.ndarray, np.generic)):
        return out + field(5, tensor('', v)) + field(20, 4)
    number, kind = {float: (2, 1), int: (3, 2), str: (4, 3)}[type(v)]
    return out + field(number, v) + field(20, kind)


def info(name, dims, kind=1):
    dims = b''.join(field(1, field(1, d) if isinstance(d, int) else field(2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


MICROSOFT = 'com.microsoft'


class Model:
    def __init__(self, opset, producer, dims, kind=1):
        self.opset, self.producer, self.nodes, self.tensors, self.made = opset, producer, [], [], 0
        self.input = info('x', dims, kind)
        self.outputs = []

    def constant(self, a, how='raw', offset=0, name=None):
        self.made += 1
        name = name or 'c%d' % self.made
        self.tensors.append(tensor(name, a, how, offset))
        return name

    def node(self, op, inputs, output=None, domain='', more=(), **attributes):
        self.made += 1
        output = output or 'v%d' % self.made
        outputs = b''.join(field(2, o) for o in (output, ) + more)
        self.nodes.append(b''.join(field(1, i) for i in inputs) + outputs + field(3, 'n%d' % self.made) +
                          field(4, op) + b''.join(field(5, attribute(k, v)) for k, v in attributes.items()) +
                          (field(7, domain) if domain else b''))
        return output

    def write(self, name):
        graph = b''.join(field(1, n) for n in self.nodes) + field(2, name)
        graph += b''.join(field(5, t) for t in self.tensors) + field(11, self.input)
        graph += b''.join(field(12, info(*o) if isinstance(o, tuple) else info(o, [])) for o in self.outputs)
        data = field(1, 7) + field(2, self.producer) + field(7, graph)
        if any(MICROSOFT.encode() in n for n in self.nodes):
            data += field(8, field(1, MICROSOFT) + field(2, 1))
        data += field(8, field(2, self.opset))
        with open('tests/fuzz/corpus/onnx/%s.onnx' % name, 'wb') as file:
            file.write(data)


# ---- what the operations mean; maps are (c, h, w) ----
def conv(x, w, b=None, stride=1, pad=0, dilation=1, group=1):
    c, h, wd = x.shape
    m, _, kh, kw = w.shape
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    oh = (h + 2 * pad - (kh - 1) * dilation - 1) // stride + 1
    ow = (wd + 2 * pad - (kw - 1) * dilation - 1) // stride + 1
    y = np.zeros((m, oh, ow))
    for i in range(kh):
        for j in range(kw):
            s = p[:, i * dilation:i * dilation + (oh - 1) * stride + 1:stride,
                  j * dilation:j * dilation + (ow - 1) * stride + 1:stride]
            y += np.einsum('oi,ihw->ohw', w[:, :, i, j], s) if group == 1 else w[:, 0, i, j][:, None, None] * s
    return y if b is None else y + b[:, None, None]


def norm(x, p, epsilon):
    g, b, m, v = (q[:, None, None] for q in p)
    return g * (x - m) / np.sqrt(v + epsilon) + b


def resize(x, size, mode):
    def axis(n, out):
        i = np.arange(out)
        at = {'align': i * (n - 1) / max(out - 1, 1), 'half': (i + 0.5) * n / out - 0.5, 'legacy': i * n / out}[mode]
        at = np.clip(at, 0, n - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, n - 1), at - low
    a, b, f = axis(x.shape[1], size[0])
    x = x[:, a] * (1 - f)[:, None] + x[:, b] * f[:, None]
    a, b, f = axis(x.shape[2], size[1])
    return x[:, :, a] * (1 - f) + x[:, :, b] * f


def weights(*shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def norms(c):
    return [(1 + 0.2 * rng.standard_normal(c)).astype(np.float32), rng.standard_normal(c).astype(np.float32),
            rng.standard_normal(c).astype(np.float32), (0.5 + rng.random(c)).astype(np.float32)]


def photo(h, w):
    return ((37 * np.arange(h * w * 3) + 11) % 256).astype(np.float64).reshape(h, w, 3).transpose(2, 0, 1)


def f32(*v):
    return np.array(v, np.float32)


def i64(*v):
    return np.array(v, np.int64)


def finish(model, name, outputs, compute, size, *others):
    model.outputs = outputs
    model.write(name)
    for h, w in (size, ) + others:
        ending = '' if (h, w) == size else '_%dx%d' % (h, w)
        y = np.ascontiguousarray(compute(h, w).transpose(1, 2, 0), np.float32)
        np.save('tests/golden/onnx/%s%s.npy' % (name, ending), y)


def network():
    m = Model(13, 'sample', [1, 3, 17, 17])
    w1, w2, b2, w3, w4, b4 = weights(6, 3, 3, 3), weights(6, 1, 3, 3), weights(6, 1)[:, 0], weights(4, 6, 1, 1), \
        weights(3, 10, 1, 1), weights(3, 1)[:, 0]
    n1 = norms(6)
    v = m.node('Mul', ['x', m.constant(f32(2 / 255))])
    v = m.node('Sub', [v, m.constant(f32(1, 1, 1).reshape(3, 1, 1))])
    v = m.node('Conv', [v, m.constant(w1)], strides=[2, 2], pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    v = m.node('BatchNormalization', [v] + [m.constant(p) for p in n1], epsilon=0.001)
    v = m.node('Clip', [v, m.constant(np.float32(0)), m.constant(np.float32(6))])
    d = m.node('Conv', [v, m.constant(w2), m.constant(b2)], group=6, dilations=[2, 2], pads=[2, 2, 2, 2])
    v = m.node('Add', [d, v])
    shape = m.node('Shape', [v])
    p = m.node('GlobalAveragePool', [v])
    p = m.node('Relu', [m.node('Conv', [p, m.constant(w3)])])
    sides = m.node('Slice', [shape, m.constant(i64(2)), m.constant(i64(2 ** 62)), m.constant(i64(0))])
    size = m.node('Concat', [m.constant(i64(1, 4)), sides], axis=0)
    p = m.node('Resize', [p, '', '', size], mode='linear')
    v = m.node('Concat', [p, v], axis=1)
    v = m.node('Conv', [v, m.constant(w4)])
    logits = m.node('Add', [v, m.constant(b4.reshape(1, 3, 1, 1))], 'logits')
    v = m.node('Resize', [logits, '', '', m.constant(i64(1, 3, 17, 17))], mode='linear',
               coordinate_transformation_mode='align_corners')
    m.node('ArgMax', [v], 'seg', axis=1, keepdims=0)

    def compute(h, w):
        x = photo(h, w) * np.float64(np.float32(2 / 255)) - 1
        x = np.clip(norm(conv(x, w1, stride=2, pad=1), n1, 0.001), 0, 6)
        x = x + conv(x, w2, b2, pad=2, dilation=2, group=6)
        p = np.maximum(conv(x.mean((1, 2), keepdims=True), w3), 0)
        return conv(np.concatenate([np.broadcast_to(p, (4, ) + x.shape[1:]), x]), w4, b4)
    finish(m, 'network', ['logits', 'seg'], compute, (17, 17), (25, 33), (12, 9))


def opset8():
    m = Model(8, 'sample', [1, 3, 16, 16])
    w1, b1, w2, w3, w4 = weights(5, 3, 3, 3), weights(5, 1)[:, 0], weights(5, 1, 3, 3), weights(2, 5, 1, 1), \
        weights(4, 7, 1, 1)
    n2 = norms(5)
    scale = m.node('Constant', [], value=np.float32(127.5))
    v = m.node('Div', ['x', scale])
    v = m.node('Conv', [v, m.constant(w1, 'typed'), m.constant(b1, 'typed')], strides=[2, 2], auto_pad='SAME_UPPER')
    v = m.node('Clip', [v], min=0.0, max=6.0)
    v = m.node('Conv', [v, m.constant(w2, 'typed')], group=5, pads=[1, 1, 1, 1])
    v = m.node('BatchNormalization', [v] + [m.constant(p, 'typed') for p in n2])
    p = m.node('AveragePool', [v], kernel_shape=[8, 8])
    p = m.node('Conv', [p, m.constant(w3)])
    p = m.node('Upsample', [p], scales=[1.0, 1.0, 8.0, 8.0], mode='linear')
    v = m.node('Concat', [v, p], axis=1)
    v = m.node('Conv', [v, m.constant(w4)])
    m.node('Upsample', [v], 'y', scales=[1.0, 1.0, 2.0, 2.0], mode='linear')

    def compute(h, w):
        # What SAME_UPPER adds for stride 2: nothing above and to the left of an even size.
        x = np.pad(photo(h, w) / 127.5, ((0, 0), (h % 2, 1), (w % 2, 1)))
        x = np.clip(conv(x, w1, b1, stride=2), 0, 6)
        x = norm(conv(x, w2, pad=1, group=5), n2, 1e-5)
        p = conv(x.mean((1, 2), keepdims=True), w3)
        return conv(np.concatenate([x, np.broadcast_to(p, (2, ) + x.shape[1:])]), w4)
    finish(m, 'opset8', ['y'], compute, (16, 16), (25, 14))


def torch():
    m = Model(14, 'pytorch', ['batch', 3, 'height', 'width'])
    w1, w2, w3, w4 = weights(8, 3, 3, 3).astype(np.float16), weights(8, 8, 1, 1), weights(8, 8, 1, 1), weights(21, 8, 1, 1)
    b2 = weights(8, 1)[:, 0]
    whole = m.node('Shape', ['x'])
    v = m.node('Pad', ['x', m.constant(i64(0, 0, 1, 1, 0, 0, 1, 1))], mode='constant')
    v = m.node('Conv', [v, m.node('Cast', [m.constant(w1, 'typed')], to=1)])
    v = m.node('HardSwish', [v])
    v = m.node('Mul', [v, m.node('HardSigmoid', [v], alpha=1 / 6)])
    v = m.node('MaxPool', [v], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    a = m.node('AveragePool', [v], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    s = m.node('ReduceMean', [v], axes=[-2, -1], keepdims=1)
    s = m.node('HardSigmoid', [m.node('Conv', [s, m.constant(w2), m.constant(b2)])], alpha=1 / 6, beta=0.5)
    v = m.node('Mul', [s, v])
    v = m.node('Add', [v, a])
    small = m.node('Resize', [v, '', m.constant(f32(1, 1, 0.5, 0.5))], mode='linear')
    sizes = m.node('Shape', [v])
    v2 = m.node('Resize', [small, '', '', sizes], mode='linear', coordinate_transformation_mode='pytorch_half_pixel')
    v = m.node('Add', [v, m.node('Sigmoid', [m.node('Conv', [v2, m.constant(w3)])])])
    v = m.node('Conv', [v, m.constant(w4)])
    h = m.node('Gather', [whole, m.constant(np.int64(2))], axis=0)
    w = m.node('Gather', [whole, m.constant(np.int64(3))], axis=0)
    axes = m.constant(i64(0))
    pair = m.node('Concat', [m.node('Unsqueeze', [h, axes]), m.node('Unsqueeze', [w, axes])], axis=0)
    first = m.node('Slice', [m.node('Shape', [v]), m.constant(i64(0)), m.constant(i64(2)), m.constant(i64(0))])
    size = m.node('Concat', [first, m.node('Cast', [pair], to=7)], axis=0)
    m.node('Resize', [v, '', '', size], 'out', mode='linear', coordinate_transformation_mode='pytorch_half_pixel')
    m.node('Resize', [m.node('Relu', [v]), '', '', size], 'aux', mode='linear')

    mean, deviation = np.array([.485, .456, .406]), np.array([.229, .224, .225])
    x = (photo(21, 28) / 255 - mean[:, None, None]) / deviation[:, None, None]
    x = conv(x, w1.astype(np.float64), pad=1)
    for _ in range(2):
        x = x * np.clip(x / 6 + 0.5, 0, 1)
    oh, ow = -(-(21 - 3) // 2) + 1, -(-(28 - 3) // 2) + 1
    p = np.full((8, 2 * oh + 1, 2 * ow + 1), -np.inf)
    p[:, :21, :28] = x
    x = np.max([p[:, i:i + 2 * oh - 1:2, j:j + 2 * ow - 1:2] for i in range(3) for j in range(3)], 0)
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    a = np.sum([p[:, i:i + oh, j:j + ow] for i in range(3) for j in range(3)], 0) / 9
    s = np.clip(conv(x.mean((1, 2), keepdims=True), w2, b2) / 6 + 0.5, 0, 1)
    x = x * s + a
    small = resize(x, (oh // 2, ow // 2), 'half')
    x = x + 1 / (1 + np.exp(-conv(resize(small, (oh, ow), 'half'), w3)))
    finish(m, 'torch', ['aux', 'out'], lambda h, w: conv(x, w4), (21, 28))


def layout():
    m = Model(13, 'tf2onnx', [1, 12, 14, 3], 2)
    w1, w2, k = weights(4, 3, 1, 1), weights(5, 8, 1, 1), weights(4, 1)[:, 0]
    v = m.node('Cast', ['x'], to=1)
    v = m.node('Mul', [v, m.constant(f32(0.01, 0.02, 0.03))])
    v = m.node('Transpose', [v], perm=[0, 3, 1, 2])
    v = m.node('Conv', [v, m.constant(w1)])
    v = m.node('Transpose', [v], perm=[0, 2, 3, 1])
    v = m.node('Add', [v, m.constant(k)])
    p = m.node('ReduceMean', [m.node('Transpose', [v], perm=[0, 3, 1, 2])], axes=[2, 3], keepdims=0)
    p = m.node('Reshape', [p, m.constant(i64(1, -1, 1, 1))])
    p = m.node('Expand', [p, m.constant(i64(1, 4, 12, 14))])
    p = m.node('Transpose', [p], perm=[0, 2, 3, 1])
    v = m.node('Unsqueeze', [v, m.constant(i64(3))])
    v = m.node('Squeeze', [v, m.constant(i64(3))])
    v = m.node('Concat', [v, p], axis=-1)
    v = m.node('Transpose', [v], perm=[0, 3, 1, 2])
    v = m.node('Conv', [v, m.constant(w2)])
    v = m.node('Slice', [v, m.constant(i64(0)), m.constant(i64(5)), m.constant(i64(1))])
    v = m.node('Transpose', [v], perm=[0, 2, 3, 1])
    v = m.node('Softmax', [v], axis=3)
    v = m.node('ArgMax', [v], axis=3)
    m.node('Cast', [v], 'y', to=6)

    x = photo(12, 14) * f32(0.01, 0.02, 0.03).astype(np.float64)[:, None, None]
    x = conv(x, w1) + k[:, None, None]
    x = np.concatenate([x, np.broadcast_to(x.mean((1, 2), keepdims=True), x.shape)])
    finish(m, 'layout', ['y'], lambda h, w: conv(x, w2), (12, 14))


def quantised():
    m = Model(13, 'onnx.quantize', [1, 3, 8, 8])
    q1 = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    s1 = (0.002 + 0.01 * rng.random(4)).astype(np.float32)
    b1 = rng.integers(-500, 500, 4).astype(np.int32)
    w2 = weights(3, 4, 1, 1)
    v = m.node('Mul', ['x', m.constant(np.float32(1 / 64))])
    v = m.node('QuantizeLinear', [v, m.constant(np.float32(1 / 64)), m.constant(np.uint8(0))])
    v = m.node('DequantizeLinear', [v, m.constant(np.float32(1 / 64)), m.constant(np.uint8(0))])
    w = m.node('DequantizeLinear', [m.constant(q1, 'typed'), m.constant(s1), m.constant(np.zeros(4, np.int8))], axis=0)
    b = m.node('DequantizeLinear', [m.constant(b1), m.constant(s1)], axis=0)
    v = m.node('Conv', [v, w, b], pads=[1, 1, 1, 1])
    scale, zero = m.constant(np.float32(0.02)), m.constant(np.uint8(0))
    v = m.node('DequantizeLinear', [m.node('QuantizeLinear', [v, scale, zero]), scale, zero])
    m.node('Conv', [v, m.constant(w2)], 'y')

    w1 = q1 * s1.astype(np.float64)[:, None, None, None]
    x = conv(photo(8, 8) / 64, w1, b1 * s1.astype(np.float64), pad=1)
    finish(m, 'quantised', ['y'], lambda h, w: conv(np.clip(x, 0, 255 * np.float64(np.float32(0.02))), w2), (8, 8))


def external():
    m = Model(13, 'sample', [1, 3, 8, 8])
    w1, w2 = weights(4, 3, 3, 3), weights(3, 4, 1, 1)
    v = m.node('Div', ['x', m.constant(f32(255))])
    v = m.node('Conv', [v, m.constant(w1, 'external', 7)], pads=[1, 1, 1, 1])
    m.node('Conv', [v, m.constant(w2, 'external', 7 + w1.nbytes)], 'y')
    os.makedirs('tests/fuzz/shards/onnx', exist_ok=True)
    with open('tests/fuzz/shards/onnx/data.bin', 'wb') as file:
        file.write(b'padding' + w1.tobytes() + w2.tobytes())
    finish(m, 'external', ['y'], lambda h, w: conv(conv(photo(h, w) / 255, w1, pad=1), w2), (8, 8), (5, 11))


# ---- quantised: what is computed is the float network on dequantised weights, within the types' limits ----
class Scale:
    """A scale and a zero point for values of low to high, as constants of a model."""

    def __init__(self, m, low, high, kind=np.uint8):
        limits = np.iinfo(kind)
        self.step = np.float32((high - low) / (limits.max - limits.min))
        self.zero = kind(round(limits.min - low / float(self.step)))
        self.names = [m.constant(self.step), m.constant(self.zero)]
        self.low = (limits.min - float(self.zero)) * float(self.step)
        self.high = (limits.max - float(self.zero)) * float(self.step)

    def cut(self, x):
        return np.clip(x, self.low, self.high)


class Weights:
    """int8, or uint8 around a zero point; one scale a channel, or one."""

    def __init__(self, shape, kind=np.int8, channels=True):
        self.q = rng.integers(-127, 128, shape).astype(np.int8)
        size = (1.7 / 127 / np.sqrt(np.prod(shape[1:])) * (0.5 + rng.random(shape[0]))).astype(np.float32)
        self.step = size if channels else size[:1].reshape(())
        self.zero = np.zeros(self.step.shape, np.int8)
        if kind == np.uint8:
            self.q = (self.q.astype(int) + 128).astype(np.uint8)
            self.zero = np.full(self.step.shape, 128, np.uint8)
        self.b = rng.integers(-400, 400, shape[0]).astype(np.int32)
        scale = np.broadcast_to(self.step.astype(np.float64), shape[:1])
        self.w = (self.q.astype(np.float64) - float(self.zero.ravel()[0])) * scale[:, None, None, None]

    def bias(self, x):
        """As real numbers, and the scales they have behind an input of scale x."""
        scale = (np.broadcast_to(self.step, self.b.shape) * x.step).astype(np.float32)
        return self.b * scale.astype(np.float64), scale


def pair(m, v, s):
    """QuantizeLinear and DequantizeLinear."""
    return m.node('DequantizeLinear', [m.node('QuantizeLinear', [v] + s.names)] + s.names)


def qdq_conv(m, v, w, x, **attributes):
    k = m.node('DequantizeLinear', [m.constant(w.q), m.constant(w.step), m.constant(w.zero)], axis=0)
    b = m.node('DequantizeLinear', [m.constant(w.b), m.constant(w.bias(x)[1])], axis=0)
    return m.node('Conv', [v, k, b], **attributes)


IMAGENET = [np.array(v)[:, None, None] for v in ([.485, .456, .406], [.229, .224, .225])]


def qdq():
    """As onnxruntime's static quantisation writes it: ReLU is left to the limits of uint8, the name of who exported the
    network is gone, the photo's scale says what was trained on."""
    m = Model(13, 'onnx.quantize', [1, 3, 17, 17])
    w1, w2, w3, w4, w5 = Weights((8, 3, 3, 3)), Weights((8, 1, 3, 3)), Weights((8, 8, 1, 1)), Weights((4, 8, 1, 1)), \
        Weights((3, 12, 1, 1), channels=False)
    s0, s1, s2, s3, s4 = Scale(m, -2.12, 2.64), Scale(m, 0, 3.5), Scale(m, 0, 4, np.int8), Scale(m, -4, 4), \
        Scale(m, -4, 6, np.int8)
    s5, s6, s7 = Scale(m, 0, 0.6), Scale(m, -4, 6), Scale(m, -4, 4)
    x = pair(m, 'x', s0)
    x = pair(m, qdq_conv(m, x, w1, s0, strides=[2, 2], pads=[1, 1, 1, 1]), s1)
    y = pair(m, qdq_conv(m, x, w2, s1, group=8, dilations=[2, 2], pads=[2, 2, 2, 2]), s2)
    y = pair(m, qdq_conv(m, y, w3, s2), s3)
    x = pair(m, m.node('Add', [y, x]), s4)
    p = pair(m, m.node('GlobalAveragePool', [x]), s4)
    p = pair(m, m.node('Relu', [qdq_conv(m, p, w4, s4)]), s5)
    p = pair(m, m.node('Resize', [p, '', '', m.constant(i64(1, 4, 9, 9))], mode='linear'), s5)
    x = pair(m, m.node('Concat', [p, x], axis=1), s6)
    x = m.node('QuantizeLinear', [qdq_conv(m, x, w5, s6)] + s7.names)
    x = m.node('DequantizeLinear', [x] + s7.names, 'logits')
    x = pair(m, m.node('Resize', [x, '', '', m.constant(i64(1, 3, 17, 17))], mode='linear',
                       coordinate_transformation_mode='pytorch_half_pixel'), s7)
    m.node('ArgMax', [x], 'seg', axis=1)

    def compute(h, w):
        x = (photo(h, w) / 255 - IMAGENET[0]) / IMAGENET[1]
        x = s1.cut(conv(x, w1.w, w1.bias(s0)[0], stride=2, pad=1))
        y = s2.cut(conv(x, w2.w, w2.bias(s1)[0], pad=2, dilation=2, group=8))
        x = conv(y, w3.w, w3.bias(s2)[0]) + x
        p = s5.cut(conv(x.mean((1, 2), keepdims=True), w4.w, w4.bias(s4)[0]))
        x = np.concatenate([np.broadcast_to(p, (4, ) + x.shape[1:]), x])
        return conv(x, w5.w, w5.bias(s6)[0])
    finish(m, 'qdq', [('logits', [1, 3, 9, 9]), ('seg', [1, 1, 17, 17], 7)], compute, (17, 17), (25, 12))


def qoperator():
    """Operations on integers, ONNX's and onnxruntime's, on a photo of bytes."""
    m = Model(12, 'onnx.quantize', [1, 14, 12, 3], 2)
    w1, w2, w3, w4, w5 = Weights((8, 3, 3, 3)), Weights((8, 1, 3, 3), np.uint8, False), Weights((8, 8, 1, 1)), \
        Weights((8, 8, 1, 1), np.uint8, False), Weights((4, 16, 1, 1))
    s0, s1, s2, s3, s4 = Scale(m, -1, 1), Scale(m, 0, 1.2), Scale(m, -1.2, 2.4), Scale(m, -2, 3), Scale(m, 0, 0.8)
    s5, s6, s7, s8 = Scale(m, 0, 1), Scale(m, -1, 3), Scale(m, -1, 3), Scale(m, -1.6, 1.6)

    def qconv(v, x, w, y, **attributes):
        weights = [m.constant(w.q), m.constant(w.step), m.constant(w.zero)]
        return m.node('QLinearConv', [v] + x.names + weights + y.names + [m.constant(w.b)], **attributes)

    v = m.node('Transpose', ['x'], perm=[0, 3, 1, 2])
    v = qconv(v, s0, w1, s1, pads=[0, 0, 1, 1], strides=[2, 2])
    v = m.node('MaxPool', [v], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    d = m.node('Pad', [v, m.constant(i64(0, 0, 1, 1, 0, 0, 1, 1)), s1.names[1]], mode='constant')
    d = qconv(d, s1, w2, s2, group=8)
    d = qconv(d, s2, w3, s3)
    a = m.node('QLinearAdd', [d] + s3.names + [v] + s1.names + s3.names, domain=MICROSOFT)
    q = m.node('QLinearAveragePool', [a] + s3.names + s3.names, domain=MICROSOFT, kernel_shape=[3, 3],
               pads=[1, 1, 1, 1])
    p = m.node('QLinearGlobalAveragePool', [a] + s3.names + s3.names, domain=MICROSOFT, channels_last=0)
    p = qconv(p, s3, w4, s4)
    p = m.node('QLinearSigmoid', [p] + s4.names + s5.names, domain=MICROSOFT)
    v = m.node('QLinearMul', [q] + s3.names + [p] + s5.names + s6.names, domain=MICROSOFT)
    none = m.constant(f32())
    p = m.node('Resize', [p, none, none, m.constant(i64(1, 8, 7, 6))], mode='linear')
    v = m.node('QLinearConcat', s7.names + [v] + s6.names + [p] + s5.names, domain=MICROSOFT, axis=1)
    v = qconv(v, s7, w5, s8)
    v = m.node('DequantizeLinear', [v] + s8.names, 'logits')
    v = m.node('Resize', [v, none, none, m.constant(i64(1, 4, 14, 12))], mode='linear')
    m.node('ArgMax', [v], 'seg', axis=1)

    def compute(h, w):
        x = (photo(h, w) - float(s0.zero)) * float(s0.step)
        x = s1.cut(conv(np.pad(x, ((0, 0), (0, 1), (0, 1))), w1.w, w1.bias(s0)[0], stride=2))
        n = x.shape
        p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        x = np.max([p[:, i:i + n[1], j:j + n[2]] for i in range(3) for j in range(3)], 0)
        x = x + conv(conv(x, w2.w, w2.bias(s1)[0], pad=1, group=8), w3.w, w3.bias(s2)[0])
        p, o = np.pad(x, ((0, 0), (1, 1), (1, 1))), np.pad(np.ones(n), ((0, 0), (1, 1), (1, 1)))
        q = sum(p[:, i:i + n[1], j:j + n[2]] for i in range(3) for j in range(3))
        q = q / sum(o[:, i:i + n[1], j:j + n[2]] for i in range(3) for j in range(3))
        p = s4.cut(conv(x.mean((1, 2), keepdims=True), w4.w, w4.bias(s3)[0]))
        p = 1 / (1 + np.exp(-p))
        return conv(np.concatenate([q * p, np.broadcast_to(p, n)]), w5.w, w5.bias(s7)[0])
    finish(m, 'qoperator', [('logits', [1, 4, 7, 6]), ('seg', [1, 1, 14, 12], 7)], compute, (14, 12))


def dynamic():
    """As onnxruntime's dynamic quantisation writes it: scales are computed as it runs, and nothing but the names of the
    weights says that PyTorch trained them, behind its normalisation."""
    m = Model(13, 'onnx.quantize', [1, 3, 8, 8])
    w1, w2 = Weights((6, 3, 3, 3), np.uint8, False), Weights((3, 6, 1, 1))
    b1 = weights(6, 1)[:, 0]
    v = 'x'
    for w, b, attributes in ((w1, b1, {'pads': [1, 1, 1, 1]}), (w2, None, {})):
        q = m.node('DynamicQuantizeLinear', [v], more=('scale%d' % m.made, 'zero%d' % m.made))
        n = m.made - 1
        v = m.node('ConvInteger', [q, m.constant(w.q, name='layer%d.0.weight_quantized' % n), 'zero%d' % n, m.constant(w.zero.ravel()[:1].reshape(()))],
                   **attributes)
        by = m.node('Mul', ['scale%d' % n, m.constant(w.step if w.step.ndim == 0 else w.step.reshape(-1, 1, 1))])
        v = m.node('Mul', [m.node('Cast', [v], to=1), by], 'logits' if b is None else None)
        if b is not None:
            v = m.node('Relu', [m.node('Add', [v, m.constant(b.reshape(1, -1, 1, 1))])])

    def compute(h, w):
        x = (photo(h, w) / 255 - IMAGENET[0]) / IMAGENET[1]
        return conv(np.maximum(conv(x, w1.w, b1, pad=1), 0), w2.w)
    finish(m, 'dynamic', [('logits', [1, 3, 8, 8])], compute, (8, 8), (9, 5))


def fused():
    """As onnxruntime saves what it has optimised; weights in halves, bfloat16 and doubles behind casts."""
    m = Model(13, 'sample', [1, 3, 10, 10])
    w1, b1, w2, w3, w4 = weights(6, 3, 3, 3).astype(np.float16), weights(6, 1)[:, 0].astype(np.float64), \
        weights(6, 1, 3, 3), weights(6, 6, 1, 1), weights(3, 6, 1, 1)
    w2 = (w2.view(np.uint32) & 0xffff0000).view(np.float32)
    v = m.node('Mul', ['x', m.constant(np.float32(1 / 255))])
    h = m.node('Cast', [m.constant(w1)], to=1)
    d = m.node('Cast', [m.constant(b1, 'typed')], to=1)
    v = m.node('FusedConv', [v, h, d], domain=MICROSOFT, pads=[1, 1, 1, 1], activation='Clip',
               activation_params=[0.0, 6.0])
    b = m.node('Cast', [m.constant(w2, 'bfloat16')], to=1)
    y = m.node('FusedConv', [v, b], domain=MICROSOFT, pads=[1, 1, 1, 1], group=6, activation='HardSigmoid',
               activation_params=[0.25, 0.5])
    v = m.node('FusedConv', [y, m.constant(w3), '', v], domain=MICROSOFT, activation='Relu')
    m.node('FusedConv', [v, m.constant(w4)], 'logits', domain=MICROSOFT, activation='Sigmoid')

    def compute(h, w):
        x = np.clip(conv(photo(h, w) / 255, w1.astype(np.float64), b1, pad=1), 0, 6)
        y = np.clip(conv(x, w2, pad=1, group=6) * 0.25 + 0.5, 0, 1)
        return 1 / (1 + np.exp(-conv(np.maximum(conv(y, w3) + x, 0), w4)))
    finish(m, 'fused', [('logits', [1, 3, 10, 10])], compute, (10, 10), (7, 12))


def batch():
    """Exported for four photos at once, with the four in shapes and sizes; and what mixes them."""
    m = Model(13, 'sample', [4, 3, 9, 9])
    w1, w2, w3 = weights(6, 3, 3, 3), weights(6, 6, 1, 1), weights(3, 12, 1, 1)
    v = m.node('Mul', ['x', m.constant(np.float32(1 / 255))])
    v = m.node('Relu', [m.node('Conv', [v, m.constant(w1)], strides=[2, 2], pads=[1, 1, 1, 1])])
    p = m.node('Reshape', [m.node('GlobalAveragePool', [v]), m.constant(i64(4, -1, 1, 1))])
    p = m.node('Expand', [m.node('Conv', [p, m.constant(w2)]), m.constant(i64(4, 6, 5, 5))])
    v = m.node('Reshape', [m.node('Reshape', [v, m.constant(i64(4, 6, 1, 5, 5))]), m.constant(i64(4, 6, 5, 5))])
    v = m.node('Conv', [m.node('Concat', [p, v], axis=1), m.constant(w3)], 'logits')
    v = m.node('Resize', [v, '', '', m.constant(i64(4, 3, 9, 9))], mode='linear')
    m.node('ArgMax', [v], 'seg', axis=1)

    def compute(h, w):
        x = np.maximum(conv(photo(h, w) / 255, w1, stride=2, pad=1), 0)
        p = conv(x.mean((1, 2), keepdims=True), w2)
        return conv(np.concatenate([np.broadcast_to(p, x.shape), x]), w3)
    finish(m, 'batch', [('logits', [4, 3, 5, 5]), ('seg', [4, 1, 9, 9], 7)], compute, (9, 9))
    m = Model(13, 'sample', [4, 3, 8, 8])
    v = m.node('Reshape', [m.node('Conv', ['x', m.constant(weights(6, 3, 1, 1))]), m.constant(i64(8, 3, 8, 8))])
    m.node('Reshape', [v, m.constant(i64(1, 24, 8, 8))], 'logits')
    m.outputs = [('logits', [1, 24, 8, 8])]
    m.write('batch_mixed')


os.makedirs('tests/fuzz/corpus/onnx', exist_ok=True)
os.makedirs('tests/golden/onnx', exist_ok=True)
for make in (network, opset8, torch, layout, quantised, external, qdq, qoperator, dynamic, fused, batch):
    make()
