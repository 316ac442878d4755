#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TensorFlow Lite on the CPU on the same .tflite file and input as backdrop-bench, in turn with it.

usage: tflite_peer.py MODEL.tflite [--modules DIR] [--threads 2,1] [--rounds N] [--each N] [--json FILE]
                      -- BENCH_COMMAND...                 (BENCH_COMMAND: backdrop-bench serve --dump DIR ...)

The file is ended at its logits, so both compute the same. They are checked before anything is timed: of quantised
networks in integers each has to be equal, of float ones within 1e-3 (fp16: 0.5); of quantised ones that we run in
float labels are only counted. In a round everybody runs --each times, one after the other; a ratio is TensorFlow Lite's
median over ours. Needs Python alone.
exit status: 0 fine, 1 failed or wrong, 2 usage, 3 no TensorFlow Lite
"""
import argparse
import array
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tensorflow_lite  # noqa: E402

SETTLE_S = 0.1  # threads may spin for a while after a run


class Ours:
    """backdrop-bench serve: one line in, one run, one line out."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = self._line()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("tflite_peer.py: backdrop-bench went away")
        return json.loads(line)

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self._line()["wall_ms"]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def single(value):
    return array.array("f", [value])[0]


def input_of(tensor, photo):
    if tensor.type == tensorflow_lite.UINT8:
        return photo
    if tensor.type == tensorflow_lite.INT8:
        return bytes(byte ^ 128 for byte in photo)
    scaled = array.array("f", [single(single(byte * single(2 / 255)) - 1) for byte in range(256)])
    return array.array("f", [scaled[byte] for byte in photo]).tobytes()


def real(tensor):
    data = tensor.read()
    if tensor.type == tensorflow_lite.FLOAT32:
        return array.array("f", data)
    stored = array.array("B" if tensor.type == tensorflow_lite.UINT8 else "b", data)
    return array.array("f", [(value - tensor.zero_point) * tensor.scale for value in stored])


def compare(got, want, classes):
    """The largest difference, and the share of pixels with the same first largest class."""
    worst = max(abs(a - b) for a, b in zip(got, want))
    pixels = range(0, len(want), classes)
    equal = sum(max(range(classes), key=lambda c: got[p + c]) == max(range(classes), key=lambda c: want[p + c])
                for p in pixels)
    return worst, equal / len(pixels)


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


def read_arguments():
    own = sys.argv[1:sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    command = sys.argv[len(own) + 2:]
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--modules", default="build/peers")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args(own)
    if "--dump" not in command[:-1]:
        parser.error("BENCH_COMMAND has no --dump DIR")
    return arguments, command, pathlib.Path(command[command.index("--dump") + 1])


def main():
    arguments, command, dump = read_arguments()
    lite = tensorflow_lite.load(arguments.modules)
    if not lite:
        print(f"tflite_peer.py: no tfjs-tflite-node under {arguments.modules} (bench/peers/run --install brings it)",
              file=sys.stderr)
        return 3
    dump.mkdir(parents=True, exist_ok=True)
    file = tensorflow_lite.File(arguments.model.read_bytes())
    data = file.ended_at(file.logits())
    ours = Ours(command)
    about, photo = ours.about, (dump / "input.u8").read_bytes()
    want = array.array("f", (dump / "logits.f32").read_bytes())
    peers, wrong = [], 0
    for threads in map(int, arguments.threads.split(",")):
        engine = tensorflow_lite.Interpreter(lite, data, threads)
        engine.input.write(input_of(engine.input, photo))
        engine.run()
        output = engine.output()
        worst, labels = compare(real(output), want, about["classes"])
        name = f"TensorFlow Lite CPU, {threads} thread{'s' if threads > 1 else ''}"
        print(f"  {name}: largest logit error {worst:.2e}, labels equal {100 * labels:.3f} %")
        quantised = output.type != tensorflow_lite.FLOAT32
        most = {"fp32": 1e-3, "fp16": 0.5}[about["precision"]]
        if quantised:
            most = output.scale / 4 if about["arithmetic"] == "integer" else float("inf")
        if not worst <= most:
            print(f"tflite_peer.py: WRONG: {name} is off by {worst}; it is not timed", file=sys.stderr)
            wrong += 1
            continue
        peers.append({"peer": name, "kind": "8 bits" if quantised else "fp32", "max_logit_error": worst,
                      "labels_equal": labels, "run": engine.run, "times": [], "ratios": []})
    walls = []
    for _ in range(arguments.rounds):
        walls.append(statistics.median(ours.run() for _ in range(arguments.each)))
        for peer in peers:
            times = []
            for _ in range(arguments.each):
                start = time.perf_counter()
                peer["run"]()
                times.append((time.perf_counter() - start) * 1e3)
            peer["times"].append(statistics.median(times))
            peer["ratios"].append(peer["times"][-1] / walls[-1])
            time.sleep(SETTLE_S)
    status = ours.close()
    result = {"benchmark": "peers", "framework": f"TensorFlow Lite {lite.TfLiteVersion().decode()}", "ours": about,
              "ours_wall_ms": summary(walls), "rounds": arguments.rounds, "each": arguments.each,
              "ratio_is": "peer's wall time / ours: above 1 we are faster", "peers": []}
    print(f"{result['framework']}; ours on {about['device']}, {about['precision']}, {about['arithmetic']}, kernels "
          f"{about['kernels']}: {result['ours_wall_ms']['median']:.1f} ms")
    for peer in peers:
        times, ratios = summary(peer.pop("times")), summary(peer.pop("ratios"))
        del peer["run"]
        result["peers"].append({**peer, "ms": times, "ratio": ratios})
        print(f"  {peer['peer']:<38} {times['median']:9.1f} ms   {ratios['median']:.3f}x ours ({ratios['min']:.3f} .. "
              f"{ratios['max']:.3f}); we take {1 / ratios['median']:.2f}x as long")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return 1 if status or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
