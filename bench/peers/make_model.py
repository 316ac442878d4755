#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes torchvision's deeplabv3_resnet50 or _resnet101 architecture with seeded random weights as a TensorFlow.js
graph model, for figures about speed: no released weights with atrous ASPP branches could be had.

usage: make_model.py OUT_DIR [--depth 50|101] [--size 520] [--seed 1] [--width 1.0]

Output stride 8, ASPP rates 12, 24, 36, image pooling, 21 classes, batch norm folded, logits before upsampling. Weights
are uniform with the variance that keeps activations in range (He et al. 2015), stored as bytes with a scale, so that
the files stay small: 40 MB for depth 50. Nothing but Python's standard library is needed. --width scales every layer's
channels, for tests.
"""
import argparse
import base64
import json
import math
import pathlib
import random
import struct

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def integers(values):
    return {"list": {"i": [str(value) for value in values]}}


class Writer:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.width = options.width
        self.nodes, self.entries, self.data = [], [], []

    def channels(self, count):
        return max(4, int(count * self.width) // 4 * 4)

    def node(self, name, op, inputs, **attributes):
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": {"T": {"type": "DT_FLOAT"}, **attributes}})
        return name

    def constant(self, name, shape, raw, dtype="float32", **more):
        kind = "DT_INT32" if dtype == "int32" else "DT_FLOAT"
        dims = [{"size": str(size)} for size in shape]
        value = {"tensor": {"dtype": kind, "tensorShape": {"dim": dims}}}
        self.nodes.append({"name": name, "op": "Const", "attr": {"dtype": {"type": kind}, "value": value}})
        self.entries.append({"name": name, "shape": shape, "dtype": dtype, **more})
        self.data.append(raw)
        return name

    def floats(self, name, values, shape=None):
        return self.constant(name, [len(values)] if shape is None else shape, struct.pack(f"<{len(values)}f", *values))

    def conv(self, name, source, inputs, outputs, size=1, stride=1, rate=1, relu=True, gain=2.0):
        count = size * size * inputs * outputs
        limit = math.sqrt(3 * gain / (size * size * inputs))
        scale = 2 * limit / 255
        raw = self.random.randbytes(count)
        self.constant(name + "/w", [size, size, inputs, outputs], raw,
                      quantization={"dtype": "uint8", "scale": scale, "min": -limit})
        self.floats(name + "/b", [self.random.uniform(-0.1, 0.1) for _ in range(outputs)])
        pad = (size - 1) * rate // 2
        ops = ["BiasAdd", "Relu"] if relu else ["BiasAdd"]
        return self.node(name, "_FusedConv2D", [source, name + "/w", name + "/b"],
                         strides=integers([1, stride, stride, 1]), dilations=integers([1, rate, rate, 1]),
                         padding=text("EXPLICIT"), explicit_paddings=integers([0, 0, pad, pad, pad, pad, 0, 0]),
                         data_format=text("NHWC"), num_args={"i": "1"},
                         fused_ops={"list": {"s": [text(op)["s"] for op in ops]}})

    def bottleneck(self, name, source, inputs, middle, outputs, stride, rate, project):
        x = self.conv(name + "/1", source, inputs, middle)
        x = self.conv(name + "/2", x, middle, middle, 3, stride, rate)
        x = self.conv(name + "/3", x, middle, outputs, relu=False, gain=0.1)
        if project:
            source = self.conv(name + "/project", source, inputs, outputs, 1, stride, relu=False, gain=1.0)
        x = self.node(name + "/add", "AddV2", [x, source])
        return self.node(name, "Relu", [x])

    def build(self, options):
        shape = {"shape": {"dim": [{"size": str(size)} for size in (1, options.size, options.size, 3)]}}
        self.node("photo", "Placeholder", [], dtype={"type": "DT_FLOAT"}, shape=shape)
        self.floats("scale", [1 / (255 * d) for d in DEVIATION])
        self.floats("offset", [-m / d for m, d in zip(MEAN, DEVIATION)])
        x = self.node("scaled", "Mul", ["photo", "scale"])
        x = self.node("normalised", "AddV2", [x, "offset"])
        c = self.channels(64)
        x = self.conv("stem", x, 3, c, 7, 2)
        x = self.node("pool", "MaxPool", [x], ksize=integers([1, 3, 3, 1]), strides=integers([1, 2, 2, 1]),
                      padding=text("EXPLICIT"), explicit_paddings=integers([0, 0, 1, 1, 1, 1, 0, 0]),
                      data_format=text("NHWC"))
        rate = 1
        for layer, count in enumerate(BLOCKS[options.depth]):
            middle, outputs = self.channels(64 << layer), self.channels(256 << layer)
            # Layers 3 and 4 dilate instead of striding; their first block still has the rate before.
            first_rate, rate = rate, rate * (2 if layer >= 2 else 1)
            for block in range(count):
                stride = 2 if layer == 1 and block == 0 else 1
                x = self.bottleneck(f"layer{layer + 1}/{block}", x, c, middle, outputs, stride,
                                    first_rate if block == 0 else rate, block == 0)
                c = outputs
        a = self.channels(256)
        side = (options.size + 7) // 8
        branches = [self.conv("aspp/0", x, c, a)]
        for number, r in enumerate((12, 24, 36)):
            branches.append(self.conv(f"aspp/{number + 1}", x, c, a, 3, 1, r))
        self.constant("axes", [2], struct.pack("<2i", 1, 2), "int32")
        self.constant("size", [2], struct.pack("<2i", side, side), "int32")
        self.constant("axis", [], struct.pack("<i", 3), "int32")
        pooled = self.node("aspp/mean", "Mean", [x, "axes"], keep_dims={"b": True})
        pooled = self.conv("aspp/pooled", pooled, c, a)
        branches.append(self.node("aspp/spread", "ResizeBilinear", [pooled, "size"], align_corners={"b": False},
                                  half_pixel_centers={"b": True}))
        x = self.node("aspp/all", "ConcatV2", branches + ["axis"], N={"i": "5"})
        x = self.conv("aspp/out", x, 5 * a, a)
        x = self.conv("head", x, a, a, 3)
        self.conv("logits", x, a, 21, relu=False)

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "weights.bin").write_bytes(b"".join(self.data))
        model = {"format": "graph-model", "generatedBy": "backdrop make_model.py", "convertedBy": None,
                 "modelTopology": {"node": self.nodes, "versions": {"producer": 38}},
                 "weightsManifest": [{"paths": ["weights.bin"], "weights": self.entries}]}
        (folder / "model.json").write_text(json.dumps(model))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--depth", type=int, default=50, choices=sorted(BLOCKS))
    parser.add_argument("--size", type=int, default=520)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=float, default=1.0)
    options = parser.parse_args()
    writer = Writer(options)
    writer.build(options)
    writer.write(options.folder)


if __name__ == "__main__":
    main()
