# SPDX-License-Identifier: MIT
"""TensorFlow Lite's C library by ctypes, and as much of its files as it takes to end a network earlier.

The library comes with the npm package tfjs-tflite-node 0.0.2: TensorFlow Lite 2.9.0 for Linux on x86-64, as that
package's author built it (float networks run through XNNPACK where the build has it, quantised ones do not).
"""
import ctypes
import os
import struct

LIBRARY = "node_modules/tfjs-tflite-node/cc_deps/linux_amd64/libtensorflowlite_c.so"
FLOAT32, UINT8, INT8 = 1, 3, 9  # TfLiteType
# BuiltinOperator of what may stand behind the logits.
DEQUANTIZE, RESHAPE, RESIZE_BILINEAR, SOFTMAX, ARG_MAX = 6, 22, 23, 25, 56


class Quantisation(ctypes.Structure):
    _fields_ = [("scale", ctypes.c_float), ("zero_point", ctypes.c_int32)]


def load(folder):
    """The library below an npm folder; None: it is not there."""
    path = os.path.join(folder, LIBRARY)
    if not os.path.exists(path):
        return None
    lite = ctypes.CDLL(path)
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in [
            ("Version", ctypes.c_char_p, []), ("ModelCreate", pointer, [ctypes.c_char_p, ctypes.c_size_t]),
            ("InterpreterOptionsCreate", pointer, []), ("InterpreterOptionsSetNumThreads", None, [pointer, number]),
            ("InterpreterCreate", pointer, [pointer, pointer]), ("InterpreterAllocateTensors", number, [pointer]),
            ("InterpreterInvoke", number, [pointer]), ("InterpreterGetInputTensor", pointer, [pointer, number]),
            ("InterpreterGetOutputTensor", pointer, [pointer, number]), ("TensorType", number, [pointer]),
            ("TensorNumDims", number, [pointer]), ("TensorDim", number, [pointer, number]),
            ("TensorByteSize", ctypes.c_size_t, [pointer]), ("TensorData", pointer, [pointer]),
            ("TensorQuantizationParams", Quantisation, [pointer])]:
        function = getattr(lite, "TfLite" + name)
        function.restype, function.argtypes = result, arguments
    return lite


class Tensor:
    def __init__(self, lite, handle):
        self.lite, self.handle = lite, handle
        self.type = lite.TfLiteTensorType(handle)
        self.dims = [lite.TfLiteTensorDim(handle, d) for d in range(lite.TfLiteTensorNumDims(handle))]
        self.scale = lite.TfLiteTensorQuantizationParams(handle).scale
        self.zero_point = lite.TfLiteTensorQuantizationParams(handle).zero_point

    def read(self):
        return ctypes.string_at(self.lite.TfLiteTensorData(self.handle), self.lite.TfLiteTensorByteSize(self.handle))

    def write(self, data):
        if len(data) != self.lite.TfLiteTensorByteSize(self.handle):
            raise ValueError("the input takes other data")
        ctypes.memmove(self.lite.TfLiteTensorData(self.handle), data, len(data))


class Interpreter:
    def __init__(self, lite, data, threads):
        self.lite, self.data = lite, data
        options = lite.TfLiteInterpreterOptionsCreate()
        lite.TfLiteInterpreterOptionsSetNumThreads(options, threads)
        self.handle = lite.TfLiteInterpreterCreate(lite.TfLiteModelCreate(data, len(data)), options)
        if not self.handle or lite.TfLiteInterpreterAllocateTensors(self.handle):
            raise ValueError("TensorFlow Lite does not take the model")
        self.input = Tensor(lite, lite.TfLiteInterpreterGetInputTensor(self.handle, 0))

    def run(self):
        if self.lite.TfLiteInterpreterInvoke(self.handle):
            raise ValueError("TensorFlow Lite fails")

    def output(self):
        return Tensor(self.lite, self.lite.TfLiteInterpreterGetOutputTensor(self.handle, 0))


class File:
    """A .tflite file: its first graph's operations in order."""

    def __init__(self, data):
        self.data = bytearray(data)
        model = self._follow(0)
        self.graph = self._items(model, 2)[0]
        self.codes = [max(struct.unpack("<b", self._scalar(code, 0, b"\0"))[0],
                          struct.unpack("<i", self._scalar(code, 3, bytes(4)))[0]) for code in self._items(model, 1)]
        self.operations = [(self._code(op), self._numbers(op, 1), self._numbers(op, 2))
                           for op in self._items(self.graph, 3)]

    def _unsigned(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def _follow(self, at):
        return at + self._unsigned(at)

    def _field(self, table, number):
        """Where a field lies; 0: it is not there."""
        vtable = table - struct.unpack_from("<i", self.data, table)[0]
        place = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, vtable + place)[0] if place < struct.unpack_from(
            "<H", self.data, vtable)[0] else 0
        return table + offset if offset else 0

    def _scalar(self, table, number, default):
        at = self._field(table, number)
        return bytes(self.data[at:at + len(default)]) if at else default

    def _items(self, table, number):
        at = self._follow(self._field(table, number))
        return [self._follow(at + 4 + 4 * i) for i in range(self._unsigned(at))]

    def _numbers(self, table, number):
        at = self._follow(self._field(table, number))
        return list(struct.unpack_from("<%di" % self._unsigned(at), self.data, at + 4))

    def _code(self, operation):
        return self.codes[struct.unpack("<I", self._scalar(operation, 0, bytes(4)))[0]]

    def logits(self):
        """The tensor before the last resize, and what else stands behind logits."""
        tensor = self._numbers(self.graph, 2)[0]
        for code, inputs, outputs in reversed(self.operations):
            if tensor not in outputs:
                continue
            if code not in (DEQUANTIZE, RESHAPE, RESIZE_BILINEAR, SOFTMAX, ARG_MAX):
                break
            tensor = inputs[0]
        return tensor

    def ended_at(self, tensor):
        """The file with that tensor as its output and nothing behind it."""
        data = bytearray(self.data)
        last = max(i for i, (_, _, outputs) in enumerate(self.operations) if tensor in outputs)
        struct.pack_into("<I", data, self._follow(self._field(self.graph, 3)), last + 1)
        outputs = self._follow(self._field(self.graph, 2))
        struct.pack_into("<Ii", data, outputs, 1, tensor)
        return bytes(data)
