// SPDX-License-Identifier: MIT
// What onnxruntime makes of the quantised samples of make_onnx_samples.py: tests/golden/onnx/NAME.peer.npy, their logits
// (h, w, classes), in integer arithmetic where the file asks for it.
//
//     node tests/golden/make_onnx_peers.mjs MODULES     from the repository; MODULES/node_modules has onnxruntime-node
//
// Made with onnxruntime-node 1.30.0. The photo's byte i is (37 i + 11) mod 256.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const ort = createRequire(resolve(process.argv[2], 'package.json'))('onnxruntime-node');
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
const normalise = (byte, c) => (byte / 255 - MEAN[c]) / DEVIATION[c];
const samples = {
    qdq: { height: 17, width: 17, see: normalise },
    qoperator: { height: 14, width: 12, bytes: true },
    dynamic: { height: 8, width: 8, see: normalise },
    fused: { height: 10, width: 10, see: (byte) => byte },
};

function photo({ height, width, bytes, see }) {
    const values = Uint8Array.from({ length: height * width * 3 }, (_, i) => (37 * i + 11) % 256);
    if (bytes) return new ort.Tensor('uint8', values, [1, height, width, 3]);
    const planes = new Float32Array(values.length);
    values.forEach((byte, i) => (planes[(i % 3) * height * width + Math.floor(i / 3)] = see(byte, i % 3)));
    return new ort.Tensor('float32', planes, [1, 3, height, width]);
}

function npy({ data, dims: [, classes, height, width] }) {
    const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}, ${classes}), }`;
    const header = Buffer.from('\x93NUMPY\x01\x00\x00\x00' + text.padEnd(117) + '\n', 'latin1');
    header.writeUInt16LE(118, 8);
    const values = new Float32Array(data.length);
    data.forEach((value, i) => {
        values[(i % (height * width)) * classes + Math.floor(i / (height * width))] = value;
    });
    return Buffer.concat([header, Buffer.from(values.buffer)]);
}

for (const [name, sample] of Object.entries(samples)) {
    const session = await ort.InferenceSession.create(`tests/fuzz/corpus/onnx/${name}.onnx`, {
        graphOptimizationLevel: 'disabled',
    });
    const { logits } = await session.run({ x: photo(sample) }, ['logits']);
    writeFileSync(`tests/golden/onnx/${name}.peer.npy`, npy(logits));
}
