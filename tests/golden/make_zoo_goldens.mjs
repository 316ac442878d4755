// SPDX-License-Identifier: MIT
// What TensorFlow.js makes of the networks of zoo_test: tests/golden/zoo/NUMBER.logits, float32 (h, w, classes), for a
// photo of 97x97.
//
//     BACKDROP_ZOO_DIR=DIR build/zoo_test          writes NUMBER.pb and NUMBER.rgba
//     node tests/golden/make_zoo_goldens.mjs MODULES DIR     from the repository
//
// MODULES/node_modules has @tensorflow/tfjs; made with 4.22.0 and its CPU backend.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const OUTPUT = 'logits/semantic/BiasAdd';
const SIDE = 97;
const TYPES = { 1: 'DT_FLOAT', 3: 'DT_INT32', 4: 'DT_UINT8' };
const [modules, folder] = process.argv.slice(2);
const tf = createRequire(resolve(modules, 'package.json'))('@tensorflow/tfjs');

// [number, value] of each field: a BigInt, or bytes.
function* fields(bytes) {
    let at = 0;
    const varint = () => {
        let value = 0n;
        for (let shift = 0n; ; shift += 7n) {
            const byte = bytes[at++];
            value |= BigInt(byte & 127) << shift;
            if (byte < 128) return value;
        }
    };
    while (at < bytes.length) {
        const key = Number(varint());
        const number = key >> 3;
        if ((key & 7) === 0) yield [number, varint()];
        else {
            const size = (key & 7) === 2 ? Number(varint()) : (key & 7) === 5 ? 4 : 8;
            yield [number, bytes.subarray(at, (at += size))];
        }
    }
}

const text = (bytes) => Buffer.from(bytes).toString();
const all = (bytes, number) => [...fields(bytes)].filter(([n]) => n === number).map(([, value]) => value);

function integers(values) {
    return values.flatMap((value) => (typeof value === 'bigint' ? [value] : [...packed(value)]));
}

function* packed(bytes) {
    for (let at = 0, value = 0n, shift = 0n; at < bytes.length; at++) {
        value |= BigInt(bytes[at] & 127) << shift;
        shift += 7n;
        if (bytes[at] < 128) {
            yield value;
            value = shift = 0n;
        }
    }
}

// A TensorProto of tensor_content, or of one int_val.
function tensor(bytes) {
    const shape = all(bytes, 2).flatMap((s) => all(s, 2).map((dim) => Number(all(dim, 1)[0] ?? 0n)));
    const dtype = { 1: 'float32', 3: 'int32' }[Number(all(bytes, 1)[0])];
    const content = all(bytes, 4)[0];
    const data = content ? Buffer.from(content) : Buffer.from(Int32Array.from(integers(all(bytes, 7)), Number).buffer);
    return { spec: { shape, dtype }, data };
}

function attribute(bytes) {
    for (const [number, value] of fields(bytes)) {
        if (number === 1) return { list: { i: integers(all(value, 3)).map(String) } };
        if (number === 2) return { s: Buffer.from(value).toString('base64') };
        if (number === 4) return { f: Buffer.from(value).readFloatLE() };
        if (number === 5) return { b: value !== 0n };
        if (number === 6) return { type: TYPES[Number(value)] };
        if (number === 7) return { shape: { dim: all(value, 2).map((dim) => ({ size: String(all(dim, 1)[0]) })) } };
    }
    return {};
}

function read(path) {
    const weightSpecs = [];
    const weights = [];
    const node = all(readFileSync(path), 1).map((bytes) => {
        const made = { name: text(all(bytes, 1)[0]), op: text(all(bytes, 2)[0]), input: all(bytes, 3).map(text), attr: {} };
        for (const entry of all(bytes, 5)) {
            const [key, value] = [text(all(entry, 1)[0]), all(entry, 2)[0]];
            if (made.op === 'Const' && key === 'value') {
                const { spec, data } = tensor(all(value, 8)[0]);
                weightSpecs.push({ name: made.name, ...spec });
                weights.push(data);
            } else {
                made.attr[key] = attribute(value);
            }
        }
        // What the graphs leave out: how many inputs there are without the axis.
        if (made.op === 'ConcatV2') made.attr.N = { i: String(made.input.length - 1) };
        return made;
    });
    const data = Buffer.concat(weights);
    const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
    return { modelTopology: { node, versions: {} }, weightSpecs, weightData, format: 'graph-model' };
}

await tf.setBackend('cpu');
mkdirSync('tests/golden/zoo', { recursive: true });
for (const name of readdirSync(folder).filter((file) => file.endsWith('.pb'))) {
    const model = await tf.loadGraphModel({ load: async () => read(`${folder}/${name}`) });
    const rgba = readFileSync(`${folder}/${name.replace('.pb', '.rgba')}`);
    const photo = tf.tensor(
        Int32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => rgba[Math.floor(i / 3) * 4 + (i % 3)]),
        [1, SIDE, SIDE, 3],
        'int32',
    );
    const logits = model.execute({ ImageTensor: photo }, OUTPUT);
    writeFileSync(`tests/golden/zoo/${name.replace('.pb', '.logits')}`, Buffer.from(Float32Array.from(logits.dataSync()).buffer));
    console.log(name, logits.shape.join('x'));
}
