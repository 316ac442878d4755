# SPDX-License-Identifier: MIT
"""Reads what backdrop-export writes: ONNX, with nothing but Python's standard library.

Only what such files hold is understood; anything else is an error. Run as a program it checks a file and prints what
is in it."""
import struct
import sys


class OnnxError(Exception):
    pass


def _varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise OnnxError("a broken number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data):
    """(field number, value) of a message: an int, or a memoryview of bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 5:
            value, at = data[at : at + 4], at + 4
        elif kind == 1:
            value, at = data[at : at + 8], at + 8
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
            if len(value) != size:
                raise OnnxError("a field that runs past the end")
        else:
            raise OnnxError(f"wire type {kind}")
        yield key >> 3, value


def _signed(value):
    return value - (1 << 64) if value >> 63 else value


def _text(value):
    return bytes(value).decode("utf-8")


class Tensor:
    """dims, kind ("float32" or "int64"), raw little-endian bytes."""

    def __init__(self, data):
        self.dims, self.name, self.raw, kind = [], "", b"", 0
        for field, value in _fields(data):
            if field == 1:
                self.dims.append(_signed(value))
            elif field == 2:
                kind = value
            elif field == 8:
                self.name = _text(value)
            elif field == 9:
                self.raw = value
            else:
                raise OnnxError(f"field {field} in a tensor")
        if kind not in (1, 7):
            raise OnnxError(f"{self.name}: data type {kind}")
        self.kind = "float32" if kind == 1 else "int64"
        count = 1
        for dim in self.dims:
            count *= dim
        if len(self.raw) != count * (4 if kind == 1 else 8):
            raise OnnxError(f"{self.name}: {len(self.raw)} bytes for {self.dims}")

    def integers(self):
        return list(struct.unpack(f"<{len(self.raw) // 8}q", self.raw))

    def scalar(self):
        return struct.unpack("<f", self.raw)[0]


class Node:
    def __init__(self, data):
        self.inputs, self.outputs, self.name, self.op, self.attributes = [], [], "", "", {}
        for field, value in _fields(data):
            if field == 1:
                self.inputs.append(_text(value))
            elif field == 2:
                self.outputs.append(_text(value))
            elif field == 3:
                self.name = _text(value)
            elif field == 4:
                self.op = _text(value)
            elif field == 5:
                self._attribute(value)
            else:
                raise OnnxError(f"field {field} in a node")

    def _attribute(self, data):
        name, found, integers = "", None, []
        for field, value in _fields(data):
            if field == 1:
                name = _text(value)
            elif field == 3:
                found = _signed(value)
            elif field == 4:
                found = _text(value)
            elif field == 8:
                integers.append(_signed(value))
            elif field != 20:
                raise OnnxError(f"field {field} in an attribute")
        self.attributes[name] = integers if found is None else found


class Model:
    """nodes in order, constants by name, the one input and output with their shapes, metadata."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = memoryview(file.read())
        self.nodes, self.constants, self.metadata = [], {}, {}
        self.input = self.output = None
        self.opset = 0
        graph = None
        for field, value in _fields(data):
            if field == 7:
                graph = value
            elif field == 8:
                self.opset = dict(_fields(value)).get(2, 0)
            elif field == 14:
                entry = dict(_fields(value))
                self.metadata[_text(entry[1])] = _text(entry[2])
        if graph is None:
            raise OnnxError(f"{path}: no graph")
        for field, value in _fields(graph):
            if field == 1:
                self.nodes.append(Node(value))
            elif field == 5:
                tensor = Tensor(value)
                self.constants[tensor.name] = tensor
            elif field == 11:
                self.input = self._value(value)
            elif field == 12:
                self.output = self._value(value)
        self._check(path)

    @staticmethod
    def _value(data):
        info = dict(_fields(data))
        tensor = dict(_fields(dict(_fields(info[2]))[1]))
        dims = [dict(_fields(dim)).get(1) for field, dim in _fields(tensor[2]) if field == 1]
        return _text(info[1]), dims

    def _check(self, path):
        if not self.input or not self.output or not self.nodes:
            raise OnnxError(f"{path}: no input, output or node")
        known = set(self.constants) | {self.input[0]}
        for node in self.nodes:
            for name in node.inputs:
                if name and name not in known:
                    raise OnnxError(f"{path}: node {node.name} reads {name}, which nothing before it makes")
            for name in node.outputs:
                if name in known:
                    raise OnnxError(f"{path}: {name} is made twice")
                known.add(name)
        if self.output[0] not in known:
            raise OnnxError(f"{path}: nothing makes the output {self.output[0]}")

    def numbers(self, key):
        return [float(text) for text in self.metadata[key].split(",")]


def main():
    model = Model(sys.argv[1])
    ops = {}
    for node in model.nodes:
        ops[node.op] = ops.get(node.op, 0) + 1
    print(f"input {model.input[0]} {model.input[1]}, output {model.output[0]} {model.output[1]}, opset {model.opset}")
    print("nodes " + ", ".join(f"{op} {count}" for op, count in sorted(ops.items())))
    weights = sum(len(tensor.raw) for tensor in model.constants.values() if tensor.kind == "float32") // 4
    print(f"constants {len(model.constants)}, {weights} float32")


if __name__ == "__main__":
    try:
        main()
    except (OnnxError, OSError, IndexError, KeyError, TypeError) as failure:
        sys.exit(f"onnx_file.py: {failure}")
