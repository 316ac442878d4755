#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/torch and tests/fuzz/corpus/torch, torch_pickle and safetensors: torchvision's DeepLabv3 with
weights from a hash.

    tests/golden/make_torch_goldens.py [--full]

Run by hand with Debian's python3-torchvision (made with torch 1.13.0a0, torchvision 0.14.1a0 and numpy 1.24.2). The
state dicts of the real networks are too large to keep: every parameter is a function of its name and index
(hash_values), which tests/support/torchvision.c computes too. What is kept are logits and labels for a small picture
from the same hash, and small networks of the same structure as files that torch.save wrote. --full also runs every
network once at 520x520 and writes state dicts and logits to /tmp/torch_full, for the record.
"""
import argparse
import collections
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.models import segmentation
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.resnet import ResNet, Bottleneck
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import ASPP, DeepLabV3

HERE = Path(__file__).parent
GOLDEN = HERE / "torch"
CORPUS = HERE.parent / "fuzz" / "corpus"
MASK = (1 << 64) - 1


def hash_uniform(name, count):
    """count floats in 0..1 of 24 bits: splitmix64 from FNV-1a of the name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(1 / 16777216)


def value_range(name, shape):
    """(low, high - low): He's uniform weights; batch norms that neither vanish nor blow up."""
    last = name.rsplit(".", 1)[1]
    if last == "running_var":
        return 0.8, 0.4
    if last == "running_mean":
        return -0.1, 0.2
    if len(shape) == 4:
        fan_in = shape[1] * shape[2] * shape[3]
        limit = float(np.sqrt(np.float64(6.0) / np.float64(fan_in)))
        return -limit, 2 * limit
    if last == "weight":
        # What is added to a shortcut is kept small, so that many blocks do not add up.
        small = ".bn3." in name
        return (0.2, 0.2) if small else (0.8, 0.4)
    return -0.1, 0.2


def hash_values(name, shape):
    if name.endswith("num_batches_tracked"):
        return np.array(1, np.int64)
    low, span = value_range(name, shape)
    count = int(np.prod(shape))
    values = np.float32(low) + np.float32(span) * hash_uniform(name, count)
    # Seven bits of the mantissa: exact in bfloat16, and nearly so in float16.
    bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).reshape(shape)


def hash_picture(height, width):
    return np.minimum(hash_uniform("picture", height * width * 3) * 256, 255).astype(np.uint8).reshape(height, width, 3)


def fill(model):
    state = collections.OrderedDict()
    for name, tensor in model.state_dict().items():
        state[name] = torch.from_numpy(hash_values(name, tuple(tensor.shape)).copy())
    model.load_state_dict(state)
    return model.eval()


def small_head(channels, classes):
    return nn.Sequential(ASPP(channels, [12, 24, 36], 4), nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4),
                         nn.ReLU(), nn.Conv2d(4, classes, 1))


class SmallResNet(nn.Module):
    """backbone.* of ResNet with few channels: 4, bottlenecks of 2 (8 out), [2, 1, 2, 2] blocks."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 4
        for number, (blocks, stride, first, rest) in enumerate([(2, 1, 1, 1), (1, 2, 1, 1), (2, 1, 1, 2), (2, 1, 2, 4)]):
            layer = []
            for block in range(blocks):
                down = nn.Sequential(nn.Conv2d(channels, 8, 1, stride=stride if block == 0 else 1, bias=False),
                                     nn.BatchNorm2d(8)) if block == 0 else None
                layer.append(Bottleneck(channels, 2, stride if block == 0 else 1, down,
                                        dilation=rest if block else first))
                channels = 8
            setattr(self, f"layer{number + 1}", nn.Sequential(*layer))

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for number in range(4):
            x = getattr(self, f"layer{number + 1}")(x)
        return {"out": x}


def small_mobilenet():
    """MobileNetV3 large with 8 channels everywhere, dilated as segmentation does."""
    real = segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None).backbone
    conf = []
    for number in range(1, 16):
        block = real[str(number)]
        layers = block.block
        depthwise = layers[1] if len(layers) > 2 else layers[0]
        conv = depthwise[0]
        squeezed = any(hasattr(part, "fc1") for part in layers)
        hard = isinstance(depthwise[2], nn.Hardswish)
        dilation = conv.dilation[0]
        stride = 2 if dilation > 1 and number == 13 else conv.stride[0]
        conf.append(InvertedResidualConfig(8, conv.kernel_size[0], 8 if number == 1 else 16, 8, squeezed,
                                           "HS" if hard else "RE", stride, dilation, 1.0))
    net = MobileNetV3(conf, 8).features
    return IntermediateLayerGetter(net, return_layers={str(len(net) - 1): "out"})


def networks():
    """name -> (model, side of the picture)"""
    for name, side in (("deeplabv3_resnet50", 65), ("deeplabv3_resnet101", 49), ("deeplabv3_mobilenet_v3_large", 97)):
        yield name, getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=21,
                                                aux_loss=name.endswith("50")), side
    yield "small_resnet", DeepLabV3(SmallResNet(), small_head(8, 3), None), 33
    yield "small_mobilenet", DeepLabV3(small_mobilenet(), small_head(48, 5), None), 50


def run(model, height, width):
    """Logits before the last resize (h, w, classes) and the labels of the picture."""
    picture = torch.from_numpy(hash_picture(height, width)).permute(2, 0, 1)[None].float() / 255
    x = (picture - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / \
        torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.no_grad():
        features = model.backbone(x)["out"]
        logits = model.classifier(features)
        whole = model(x)["out"]
    print(f"    features {features.std():.3f} (most {features.abs().max():.2f}), logits {logits.std():.3f} "
          f"(most {logits.abs().max():.2f}), labels {torch.bincount(whole.argmax(1).flatten()).tolist()}")
    return logits[0].permute(1, 2, 0).contiguous().numpy(), whole[0].argmax(0).numpy().astype(np.uint8)


def write_safetensors(state, path, kind="F32"):
    """As the safetensors package does it."""
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in state.items():
        if tensor.dtype == torch.int64:
            raw, dtype = tensor.numpy().tobytes(), "I64"
        elif kind == "BF16":
            raw, dtype = (tensor.contiguous().numpy().view(np.uint32) >> 16).astype(np.uint16).tobytes(), kind
        else:
            raw, dtype = tensor.contiguous().numpy().astype(np.float16 if kind == "F16" else np.float32).tobytes(), kind
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def write_small(name, model):
    state = model.state_dict()
    (CORPUS / "torch").mkdir(parents=True, exist_ok=True)
    (CORPUS / "safetensors").mkdir(parents=True, exist_ok=True)
    write_safetensors(state, CORPUS / "safetensors" / f"{name}.safetensors")
    if name == "small_mobilenet":
        return
    torch.save(state, CORPUS / "torch" / f"{name}.pth")
    # The same network in the other ways that it is saved in.
    wrapped = collections.OrderedDict(("module." + key, value) for key, value in state.items())
    torch.save({"epoch": 3, "lr": 0.01, "model": wrapped, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
                "args": argparse.Namespace(lr=0.01, model=name)}, CORPUS / "torch" / f"{name}_checkpoint.pth")
    torch.save(collections.OrderedDict((key, value.half() if value.dtype == torch.float32 else value)
                                       for key, value in state.items()), CORPUS / "torch" / f"{name}_half.pth")
    torch.save(collections.OrderedDict((key, value.bfloat16() if value.dtype == torch.float32 else value)
                                       for key, value in state.items()), CORPUS / "torch" / f"{name}_bfloat.pth",
               pickle_protocol=4)
    # Parameters, not tensors, and weights in the channels' order.
    torch.save(collections.OrderedDict(
        (key, nn.Parameter(value.contiguous(memory_format=torch.channels_last)) if value.dim() == 4 else value)
        for key, value in state.items()), CORPUS / "torch" / f"{name}_parameters.pth")
    write_safetensors(state, CORPUS / "safetensors" / f"{name}_half.safetensors", "F16")
    write_safetensors(state, CORPUS / "safetensors" / f"{name}_bfloat.safetensors", "BF16")
    # What is refused: a whole module, a script, a tensor that is no network (in the old format).
    torch.save(nn.ReLU(), CORPUS / "torch" / "module.pth")
    torch.save({"a": torch.zeros(1)}, CORPUS / "torch" / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.script(nn.ReLU()).save(str(CORPUS / "torch" / "script.pth"))


def write_tiny():
    """No network, but small enough that a fuzzer gets around in them."""
    shared = torch.arange(24, dtype=torch.float32)
    tiny = collections.OrderedDict(backbone=shared[:6].reshape(2, 3), other=shared[6:18].reshape(2, 6)[:, 1:4].half())
    tiny["n"] = torch.tensor(7)
    torch.save({"state_dict": tiny, "epoch": -300, "lr": 0.5, "none": None, "on": True, "list": [1, (2, 3)]},
               CORPUS / "torch" / "tiny.pth")
    torch.save(tiny, CORPUS / "torch" / "tiny4.pth", pickle_protocol=4)
    write_safetensors(tiny, CORPUS / "safetensors" / "tiny.safetensors")


def write_pickles():
    (CORPUS / "torch_pickle").mkdir(parents=True, exist_ok=True)
    for name in ("small_resnet", "small_resnet_bfloat", "small_resnet_parameters", "module", "tiny", "tiny4"):
        with zipfile.ZipFile(CORPUS / "torch" / f"{name}.pth") as archive:
            (CORPUS / "torch_pickle" / f"{name}.pkl").write_bytes(archive.read(f"{name}/data.pkl"))


def main():
    torch.set_num_threads(2)
    full = "--full" in sys.argv[1:]
    GOLDEN.mkdir(exist_ok=True)
    for name, model, side in networks():
        print(name)
        fill(model)
        logits, labels = run(model, side, side)
        logits.astype("<f4").tofile(GOLDEN / f"{name}_{side}.logits")
        labels.tofile(GOLDEN / f"{name}_{side}.labels")
        if name.startswith("small"):
            write_small(name, model)
        elif full:
            folder = Path("/tmp/torch_full")
            folder.mkdir(exist_ok=True)
            torch.save(model.state_dict(), folder / f"{name}.pth")
            write_safetensors(model.state_dict(), folder / f"{name}.safetensors")
            run(model, 520, 520)[0].astype("<f4").tofile(folder / f"{name}_520.logits")
    write_tiny()
    write_pickles()


if __name__ == "__main__":
    main()
