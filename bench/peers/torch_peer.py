#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch on the same network, weights and input as backdrop-bench, in turn with it.

usage: torch_peer.py MODEL.onnx -- BENCH_COMMAND...     (BENCH_COMMAND: backdrop-bench serve --dump DIR ...)
         [--device cuda|cpu] [--rounds N] [--each N] [--json FILE] [--modes a,b] [--limit SECONDS]

MODEL.onnx is what backdrop-export wrote; the network is built from it, node by node, with torch.nn.functional. Every
way to run it is checked before it is timed: its logits against ours. Then rounds: in each, we and every mode run
--each times, one after the other; a mode's ratio is its median time of the round over ours. On CUDA times are those of
events on either side of the forward pass; ours are the device's time stamps and, beside them, wall times.

--device cpu checks the network and times eager execution on the CPU; it needs no GPU.
exit status: 0 fine, 1 failed or wrong, 2 usage, 3 no PyTorch, or none with CUDA
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import onnx_file  # noqa: E402

STARTED = time.monotonic()

try:
    import torch
    import torch.fx
    import torch.nn.functional as F
except ImportError as missing:
    print(f"torch_peer.py: no PyTorch here: {missing}", file=sys.stderr)
    sys.exit(3)

# Largest logit error that is let through: float32, float32 through TF32's 10 bits, half.
TOLERANCE = {"fp32": 1e-3, "tf32": 0.25, "fp16": 0.5}


class Nodes(torch.nn.Module):
    """Walks over the file's nodes. Constants are buffers, so .half() and .to() reach them."""

    def __init__(self, model):
        super().__init__()
        self.input, self.output = model.input[0], model.output[0]
        self.steps = []
        self.constants = model.constants
        for node in model.nodes:
            self.steps.append((node, self._operands(node)))

    def _operands(self, node):
        """Names of buffers for the constants that are data; sizes and limits become plain numbers."""
        operands = []
        for position, name in enumerate(node.inputs):
            tensor = self.constants.get(name)
            if tensor is None or tensor.kind != "float32" or (node.op == "Clip" and position):
                operands.append(None)
                continue
            buffer = "c_" + name.replace(".", "_")
            if buffer not in self._buffers:
                data = torch.frombuffer(bytearray(tensor.raw), dtype=torch.float32).reshape(tensor.dims).clone()
                self.register_buffer(buffer, data)
            operands.append(buffer)
        return operands

    def _limit(self, node, position):
        if position < len(node.inputs) and node.inputs[position]:
            return self.constants[node.inputs[position]].scalar()
        return None

    def _run(self, node, x):
        a = node.attributes
        if node.op == "Conv":
            return self._conv(a, x)
        if node.op == "Relu":
            return F.relu(x[0])
        if node.op == "Clip":
            low, high = self._limit(node, 1), self._limit(node, 2)
            return F.relu6(x[0]) if (low, high) == (0.0, 6.0) else torch.clamp(x[0], low, high)
        if node.op == "Add":
            return x[0] + x[1]
        if node.op == "Mul":
            return x[0] * x[1]
        if node.op == "Concat":
            return torch.cat(x, a["axis"])
        if node.op == "Softmax":
            return torch.softmax(x[0], a["axis"])
        if node.op == "GlobalAveragePool":
            return F.adaptive_avg_pool2d(x[0], 1)
        if node.op == "Reshape":
            return x[0].reshape(self.constants[node.inputs[1]].integers())
        if node.op == "Resize":
            return self._resize(node, x[0])
        if node.op in ("MaxPool", "AveragePool"):
            return self._pool(node.op, a, x[0])
        raise SystemExit(f"torch_peer.py: no operation {node.op}")

    @staticmethod
    def _conv(a, x):
        top, left, bottom, right = a["pads"]
        padding = (top, left)
        if (top, left) != (bottom, right):
            x[0] = F.pad(x[0], (left, right, top, bottom))
            padding = (0, 0)
        return F.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, a["strides"], padding, a["dilations"], a["group"])

    @staticmethod
    def _pool(op, a, x):
        top, left, bottom, right = a["pads"]
        even = (top, left) == (bottom, right)
        if op == "MaxPool":
            x = x if even else F.pad(x, (left, right, top, bottom), value=-math.inf)
            return F.max_pool2d(x, a["kernel_shape"], a["strides"], (top, left) if even else 0)
        if not even:
            raise SystemExit("torch_peer.py: an average pool with uneven padding")
        return F.avg_pool2d(x, a["kernel_shape"], a["strides"], (top, left), count_include_pad=False)

    def _resize(self, node, x):
        size = self.constants[node.inputs[3]].integers()[2:]
        mode = node.attributes["coordinate_transformation_mode"]
        if mode == "asymmetric":
            raise SystemExit("torch_peer.py: PyTorch has no bilinear resize of the asymmetric kind")
        return F.interpolate(x, size, mode="bilinear", align_corners=mode == "align_corners")

    def forward(self, x):
        values = {self.input: x}
        for node, operands in self.steps:
            arguments = []
            for name, buffer in zip(node.inputs, operands):
                if buffer is not None:
                    arguments.append(getattr(self, buffer))
                elif name in values:
                    arguments.append(values[name])
            values[node.outputs[0]] = self._run(node, arguments)
        return values[self.output]


def network_of(model):
    """The walk traced into straight-line code: no Python between the operations but their calls."""
    return torch.fx.symbolic_trace(Nodes(model)).eval()


class Ours:
    """backdrop-bench serve: one line in, one run, one line out."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise SystemExit(f"torch_peer.py: {' '.join(command)} failed")
        self.about = json.loads(line)

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("torch_peer.py: backdrop-bench went away")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def on_cpu(network, x):
    def run():
        start = time.perf_counter()
        y = network(x)
        return y, (time.perf_counter() - start) * 1e3

    return run


def on_cuda(step):
    """Time between events before and after what step() puts on the stream."""

    def run():
        torch.cuda.synchronize()
        first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        first.record()
        y = step()
        last.record()
        last.synchronize()
        return y, first.elapsed_time(last)

    return run


def rotating(network, inputs):
    """The same input from buffers in turn."""
    turn = [0]

    def step():
        turn[0] = (turn[0] + 1) % len(inputs)
        if hasattr(torch, "compiler") and hasattr(torch.compiler, "cudagraph_mark_step_begin"):
            torch.compiler.cudagraph_mark_step_begin()
        return network(inputs[turn[0]])

    return step


def graph_step(network, x):
    """One capture, replayed; warmed up on a side stream, as PyTorch's notes on CUDA graphs ask."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            network(x)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        y = network(x)

    def step():
        graph.replay()
        return y

    return step


def cuda_modes(model, x):
    """name, kind of arithmetic, and a function that makes the step; each with a network of its own."""

    def inputs(t):
        return [t.clone(memory_format=torch.preserve_format) for _ in range(3)]

    def made(half, last):
        network = network_of(model).cuda()
        t = x.cuda()
        if half:
            network, t = network.half(), t.half()
        if last:
            network, t = network.to(memory_format=torch.channels_last), t.contiguous(memory_format=torch.channels_last)
        return network, t

    def eager(half, last):
        network, t = made(half, last)
        return rotating(network, inputs(t))

    def graph(half, last):
        return graph_step(*made(half, last))

    def compiled(half, last, mode):
        network, t = made(half, last)
        return rotating(torch.compile(network, mode=mode), inputs(t))

    return [
        ("eager fp32", "fp32", lambda: eager(False, False)),
        ("eager tf32", "tf32", lambda: eager(False, False)),
        ("eager fp16 channels_last", "fp16", lambda: eager(True, True)),
        ("graph fp32", "fp32", lambda: graph(False, False)),
        ("graph tf32", "tf32", lambda: graph(False, False)),
        ("graph fp16 channels_last", "fp16", lambda: graph(True, True)),
        ("graph fp16", "fp16", lambda: graph(True, False)),
        ("compile fp16 channels_last", "fp16", lambda: compiled(True, True, "reduce-overhead")),
        ("compile fp32", "fp32", lambda: compiled(False, False, "reduce-overhead")),
        ("compile max fp16 channels_last", "fp16", lambda: compiled(True, True, "max-autotune")),
    ]


def allow_tf32(kind):
    torch.backends.cudnn.allow_tf32 = kind == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"


def largest_error(y, want):
    return (y.float().cpu().permute(0, 2, 3, 1).reshape(-1) - want).abs().max().item()


def prepare(candidates, options, model, x, want, precision):
    """The modes that run here and are right: name -> (kind, run, error). Those that are not: name -> why."""
    ready, refused = {}, {}
    for name, kind, make in candidates:
        if time.monotonic() - STARTED > options.limit:
            refused[name] = "no time left"
            continue
        try:
            allow_tf32(kind)
            run = on_cpu(network_of(model), x) if make is None else on_cuda(make())
            for _ in range(4):
                y, _ = run()
            error = largest_error(y, want)
            if not error <= max(TOLERANCE[kind], TOLERANCE[precision]):
                refused[name] = f"WRONG: a logit is off by {error:.4g}"
            else:
                ready[name] = (kind, run, error)
        except SystemExit:
            raise
        except Exception as failure:  # whatever a mode throws, the others go on
            refused[name] = f"{type(failure).__name__}: {(str(failure).strip().splitlines() or [''])[0][:200]}"
        print(f"  {name}: {refused.get(name) or f'largest logit error {error:.3g}'}", flush=True)
    return ready, refused


def summary(values):
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "min": ordered[0], "max": ordered[-1], "runs": len(ordered)}


def race(options, ours, ready):
    """Rounds of everybody; returns ours' wall and device times, and per mode its times and ratios."""
    walls, devices = [], []
    times = {name: [] for name in ready}
    ratios = {name: [] for name in ready}
    wall_ratios = {name: [] for name in ready}
    for _ in range(options.rounds):
        runs = [ours.run() for _ in range(options.each)]
        wall = statistics.median(run["wall_ms"] for run in runs)
        device = statistics.median(run["device_ms"] for run in runs) or wall
        walls.append(wall)
        devices.append(device)
        for name, (kind, run, _) in ready.items():
            allow_tf32(kind)
            own = statistics.median(run()[1] for _ in range(options.each))
            times[name].append(own)
            ratios[name].append(own / device)
            wall_ratios[name].append(own / wall)
    return walls, devices, times, ratios, wall_ratios


def report(options, ours, ready, result):
    """Races those that are ready and adds what came out to result."""
    walls, devices, times, ratios, wall_ratios = race(options, ours, ready)
    wall, device = summary(walls), summary(devices)
    result.setdefault("ours_wall_ms", wall)
    result.setdefault("ours_device_ms", device)
    print(f"ours: {device['median']:.4f} ms on the device, {wall['median']:.4f} wall")
    for name, (kind, _, error) in ready.items():
        peer = {"peer": f"PyTorch {name}", "kind": kind, "max_logit_error": error, "ms": summary(times[name]),
                "ratio": summary(ratios[name]), "ratio_to_wall": summary(wall_ratios[name]), "ours_device_ms": device}
        result["peers"].append(peer)
        print(f"  {peer['peer']:<38} {peer['ms']['median']:9.4f} ms   {peer['ratio']['median']:6.2f}x ours "
              f"({peer['ratio']['min']:.2f} .. {peer['ratio']['max']:.2f})", flush=True)


def read_arguments():
    arguments = sys.argv[1:]
    command = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, command = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("model")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--modes")
    parser.add_argument("--limit", type=float, default=90, help="seconds after which no further mode is made ready")
    options = parser.parse_args(arguments)
    if "--dump" not in command:
        parser.error("needs -- backdrop-bench serve --dump DIR ...")
    return options, command, pathlib.Path(command[command.index("--dump") + 1])


def main():
    options, command, folder = read_arguments()
    if options.device == "cuda" and not torch.cuda.is_available():
        print(f"torch_peer.py: PyTorch {torch.__version__} sees no CUDA device", file=sys.stderr)
        return 3
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    model = onnx_file.Model(options.model)
    folder.mkdir(parents=True, exist_ok=True)
    ours = Ours(command)
    _, (_, channels, height, width) = model.input
    pixels = torch.frombuffer(bytearray((folder / "input.u8").read_bytes()), dtype=torch.uint8)
    x = pixels.reshape(1, height, width, channels).permute(0, 3, 1, 2).float()
    x = x * torch.tensor(model.numbers("scale")).view(1, 3, 1, 1) + torch.tensor(model.numbers("offset")).view(1, 3, 1, 1)
    x = x.contiguous()
    want = torch.frombuffer(bytearray((folder / "logits.f32").read_bytes()), dtype=torch.float32)
    name = torch.cuda.get_device_name() if options.device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"PyTorch {torch.__version__} on {name}")
    print(f"ours on {ours.about['device']}, {ours.about['precision']}, kernels {ours.about['kernels']}", flush=True)
    if options.device == "cpu":
        stages = [[("eager fp32", "fp32", None)]]
    else:
        # Compiling can take longer than whoever started this waits: what came before is written by then.
        modes = cuda_modes(model, x)
        stages = [[mode for mode in modes if "compile" not in mode[0]]] + [[mode] for mode in modes if "compile" in mode[0]]
    result = {"benchmark": "peers", "framework": f"PyTorch {torch.__version__}", "peer_device": name, "ours": ours.about,
              "rounds": options.rounds, "each": options.each,
              "ratio_is": "peer's device time / ours on the device, taken round by round: above 1 we are faster", "peers": []}
    timed = wrong = 0
    for stage in stages:
        if options.modes:
            stage = [mode for mode in stage if mode[0] in options.modes.split(",")]
        ready, refused = prepare(stage, options, model, x, want, ours.about["precision"])
        result["peers"] += [{"peer": f"PyTorch {peer}", "failed": reason} for peer, reason in refused.items()]
        wrong += sum("WRONG" in reason for reason in refused.values())
        if ready:
            timed += len(ready)
            report(options, ours, ready, result)
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    status = ours.close()
    return 0 if not status and timed and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
