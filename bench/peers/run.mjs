// SPDX-License-Identifier: MIT
// onnxruntime (CPU, Node) on the same network and input as backdrop-bench, in turn with it. Called by bench/peers/run.
//
// usage: node run.mjs MODEL.onnx [--modules DIR] [--threads 1,2] [--rounds N] [--each N] [--json FILE] -- BENCH_COMMAND...
//
// BENCH_COMMAND is backdrop-bench serve --dump DIR ... . Each peer's logits are checked against ours before anything is
// timed. In a round everybody runs --each times, one after the other; a peer's ratio is its median over ours.
// exit status: 0 fine, 1 failed or wrong, 2 usage, 3 no onnxruntime
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const TOLERANCE = { fp32: 1e-3, fp16: 0.5 }; // by our precision; onnxruntime computes in float32
// After a run onnxruntime's threads spin for a while, waiting for more work: they would take the cores from the next.
const SETTLE_MS = 100;

function fail(status, message) {
    console.error(`run.mjs: ${message}`);
    process.exit(status);
}

function readArguments(argv) {
    const options = { modules: 'build/peers', threads: '1,2', rounds: '10', each: '1', json: '' };
    const at = argv.indexOf('--');
    const command = at < 0 ? [] : argv.slice(at + 1);
    const own = at < 0 ? argv : argv.slice(0, at);
    let model;
    for (let i = 0; i < own.length; i++) {
        const name = own[i].replace(/^--/, '');
        if (own[i].startsWith('--') && name in options && i + 1 < own.length) options[name] = own[++i];
        else if (!own[i].startsWith('--') && !model) model = own[i];
        else fail(2, `what is ${own[i]}?`);
    }
    const dump = command[command.indexOf('--dump') + 1];
    if (!model || !command.includes('--dump') || !dump) fail(2, 'usage: MODEL.onnx [options] -- backdrop-bench serve --dump DIR ...');
    return { ...options, model, command, dump, rounds: Number(options.rounds), each: Number(options.each) };
}

const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const summary = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// backdrop-bench serve: one line in, one run, one line out.
async function openOurs(command) {
    const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = new Promise((done) => child.on('close', done));
    child.on('error', (error) => fail(1, `${command[0]}: ${error.message}`));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => {
        const { value, done } = await lines.next();
        if (done) fail(1, `${command.join(' ')} went away`);
        return JSON.parse(value);
    };
    const about = await next();
    return {
        about,
        run: () => {
            child.stdin.write('run\n');
            return next();
        },
        close: () => {
            child.stdin.end();
            return exited;
        },
    };
}

// scale and offset of the preprocessing: the end of the file's metadata is cheap to find as text.
function metadata(file, key) {
    const at = file.indexOf(Buffer.from(`\n${String.fromCharCode(key.length)}${key}`, 'latin1'));
    if (at < 0) fail(1, `no ${key} in the model's metadata`);
    const length = file[at + 2 + key.length + 1];
    return file.subarray(at + 2 + key.length + 2, at + 2 + key.length + 2 + length).toString().split(',').map(Number);
}

function readInput(path, scale, offset, pixels) {
    const bytes = readFileSync(path);
    if (bytes.length !== pixels * 3) fail(1, `${path} has ${bytes.length} bytes, expected ${pixels * 3}`);
    const x = new Float32Array(3 * pixels);
    for (let p = 0; p < pixels; p++) {
        for (let c = 0; c < 3; c++) x[c * pixels + p] = Math.fround(bytes[p * 3 + c] * scale[c]) + offset[c];
    }
    return x;
}

// logits (1, c, h, w) against ours (h, w, c).
function compare(got, want, classes) {
    const pixels = want.length / classes;
    let worst = 0;
    let equal = 0;
    for (let p = 0; p < pixels; p++) {
        let a = 0;
        let b = 0;
        for (let c = 0; c < classes; c++) {
            const error = Math.abs(got[c * pixels + p] - want[p * classes + c]);
            worst = error <= worst ? worst : error;
            if (got[c * pixels + p] > got[a * pixels + p]) a = c;
            if (want[p * classes + c] > want[p * classes + b]) b = c;
        }
        equal += a === b;
    }
    return { worst, labels: equal / pixels };
}

const options = readArguments(process.argv.slice(2));
let ort;
try {
    ort = createRequire(resolve(options.modules, 'package.json'))('onnxruntime-node');
} catch (error) {
    fail(3, `no onnxruntime-node under ${options.modules} (bench/peers/run --install brings it): ${error.message.split('\n')[0]}`);
}
mkdirSync(options.dump, { recursive: true });
const ours = await openOurs(options.command);
const { about } = ours;
const [width, height] = about.input.split('x').map(Number);
const file = readFileSync(options.model);
const x = readInput(resolve(options.dump, 'input.u8'), metadata(file, 'scale'), metadata(file, 'offset'), width * height);
const bytes = readFileSync(resolve(options.dump, 'logits.f32'));
const want = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
// The same input from buffers in turn.
const inputs = [0, 1, 2].map(() => new ort.Tensor('float32', Float32Array.from(x), [1, 3, height, width]));

const peers = [];
let wrong = 0;
for (const threads of options.threads.split(',').map(Number)) {
    const session = await ort.InferenceSession.create(options.model, {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
    });
    let turn = 0;
    const run = () => session.run({ x: inputs[turn++ % inputs.length] });
    const { worst, labels } = compare((await run()).logits.data, want, about.classes);
    const name = `onnxruntime CPU, ${threads} thread${threads > 1 ? 's' : ''}`;
    console.log(`  ${name}: largest logit error ${worst.toExponential(2)}, labels equal ${(100 * labels).toFixed(3)} %`);
    if (!(worst <= TOLERANCE[about.precision])) {
        console.error(`run.mjs: WRONG: ${name} is off by ${worst}; it is not timed`);
        wrong++;
        continue;
    }
    await run();
    peers.push({ name, run, worst, labels, times: [], ratios: [] });
}

const walls = [];
for (let r = 0; r < options.rounds; r++) {
    const runs = [];
    for (let i = 0; i < options.each; i++) runs.push((await ours.run()).wall_ms);
    walls.push(median(runs));
    for (const peer of peers) {
        const own = [];
        for (let i = 0; i < options.each; i++) {
            const start = performance.now();
            await peer.run();
            own.push(performance.now() - start);
        }
        peer.times.push(median(own));
        peer.ratios.push(median(own) / walls.at(-1));
        await pause(SETTLE_MS);
    }
}
const status = await ours.close();
const result = {
    benchmark: 'peers',
    framework: `onnxruntime-node ${createRequire(resolve(options.modules, 'package.json'))('onnxruntime-node/package.json').version}`,
    peer_device: `${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} threads`,
    ours: about,
    ours_wall_ms: summary(walls),
    rounds: options.rounds,
    each: options.each,
    ratio_is: "peer's wall time / ours: above 1 we are faster",
    peers: peers.map((peer) => ({
        peer: peer.name,
        kind: 'fp32',
        max_logit_error: peer.worst,
        labels_equal: peer.labels,
        ms: summary(peer.times),
        ratio: summary(peer.ratios),
    })),
};
console.log(`${result.framework} on ${result.peer_device}`);
console.log(`ours on ${about.device}, ${about.precision}, kernels ${about.kernels}: ${result.ours_wall_ms.median.toFixed(1)} ms`);
for (const peer of result.peers) {
    console.log(
        `  ${peer.peer.padEnd(38)} ${peer.ms.median.toFixed(1).padStart(9)} ms   ${peer.ratio.median.toFixed(3)}x ours ` +
            `(${peer.ratio.min.toFixed(3)} .. ${peer.ratio.max.toFixed(3)}); we take ${(1 / peer.ratio.median).toFixed(2)}x as long`,
    );
}
if (options.json) writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
process.exit(status || wrong ? 1 : 0);
