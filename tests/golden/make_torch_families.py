#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the state dicts and logits of small networks under the names of several trainers.

    tests/golden/make_torch_families.py

Run by hand with Debian's python3-torch, after make_torch_goldens.py. Each network is written down as what it computes;
the parameters come into being as they are read, from the hash of make_torch_goldens.py. Files go to tests/fuzz/corpus,
logits to tests/golden/torch. The full-size originals of the trainers were compared by hand; see bench/README.md.
"""
import collections

import numpy as np
import torch
import torch.nn.functional as F

from make_torch_goldens import CORPUS, GOLDEN, hash_picture, hash_values, write_safetensors

WIDTH = 4  # channels of small layers
HALVES = (1, 3, 6, 13)  # of MobileNetV2's 17 blocks


class Net:
    def __init__(self):
        self.state = collections.OrderedDict()

    def get(self, name, *shape):
        self.state[name] = torch.from_numpy(hash_values(name, shape).copy())
        return self.state[name]

    def norm(self, x, name, eps):
        c = x.shape[1]
        weight, bias = self.get(f"{name}.weight", c), self.get(f"{name}.bias", c)
        return F.batch_norm(x, self.get(f"{name}.running_mean", c), self.get(f"{name}.running_var", c), weight, bias,
                            eps=eps)

    def conv(self, x, name, norm, out, k=1, stride=1, rate=1, act=F.relu, pad="keep", eps=1e-5,
             biased=False):
        """out 0: depthwise; norm None: a bias; norm "": neither; biased: a bias before the norm; pad: "keep", "same" or a
        number."""
        deep = out == 0
        c = x.shape[1]
        w = self.get(f"{name}.weight", c if deep else out, 1 if deep else c, k, k)
        if pad == "same":
            total = [max((-(-n // stride) - 1) * stride + (k - 1) * rate + 1 - n, 0) for n in x.shape[2:]]
            x = F.pad(x, (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2))
        edge = rate * (k - 1) // 2 if pad == "keep" else 0 if pad == "same" else pad
        bias = self.get(f"{name}.bias", out) if norm is None or biased else None
        x = F.conv2d(x, w, bias, stride, edge, rate, c if deep else 1)
        x = self.norm(x, norm, eps) if norm else x
        return act(x) if act else x

    def split(self, x, name, norm, out, rate=1, body=""):
        x = self.conv(x, f"{name}{body}.0", "", 0, 3, rate=rate, act=None)
        return self.conv(x, f"{name}{body}.1", norm, out)


def like(x, other, corners=False):
    return F.interpolate(x, other.shape[2:], mode="bilinear", align_corners=corners)


def mean(x):
    return x.mean((2, 3), keepdim=True)


def resnet(net, x, folder, stride, basic=False, deep=False, every=False, grid=None, multiplied=False):
    if deep:
        for i in (0, 3, 6):
            x = net.conv(x, f"{folder}stem.{i}", f"{folder}stem.{i + 1}", WIDTH, 3, 1 if i else 2)
    else:
        x = net.conv(x, f"{folder}conv1", f"{folder}bn1", WIDTH, 7, 2)
    x, reached, rate, low = F.max_pool2d(x, 3, 2, 1), 4, 1, None
    for stage in range(1, 5):
        step = 2 if stage > 1 and reached < stride else 1
        before, rate = rate, rate * (2 if stage > 1 and step == 1 else 1)
        reached *= step
        for block in range(1 if stage < 3 else 3):
            name, shortcut, s = f"{folder}layer{stage}.{block}", x, step if block == 0 else 1
            r = rate if block or every else before
            if stage == 4 and grid:
                r = grid[block] * (rate if multiplied else 1)
            out = WIDTH if stage == 1 and basic else 2 * WIDTH
            if basic:
                x = net.conv(x, f"{name}.conv1", f"{name}.bn1", out, 3, s, r)
                x = net.conv(x, f"{name}.conv2", f"{name}.bn2", out, 3, rate=rate if every else 1, act=None)
            else:
                x = net.conv(x, f"{name}.conv1", f"{name}.bn1", WIDTH)
                x = net.conv(x, f"{name}.conv2", f"{name}.bn2", WIDTH, 3, s, r)
                x = net.conv(x, f"{name}.conv3", f"{name}.bn3", out, act=None)
            if block == 0 and (stage > 1 or not basic):
                shortcut = net.conv(shortcut, f"{name}.downsample.0", f"{name}.downsample.1", out, 1, s, act=None)
            x = F.relu(x + shortcut)
        low = x if stage == 1 else low
    return x, low


def mobilenet(net, x, names, stride, pad="keep", every=False, eps=1e-5):
    """names: block -> names of (expansion, depthwise, projection), each with its norm's."""
    reached, rate, low = 2, 1, None
    for block in range(17):
        step = 2 if block in HALVES and reached < stride else 1
        before, rate = rate, rate * (2 if block in HALVES and step == 1 else 1)
        reached *= step
        r, shortcut = rate if every else before, x
        expand, deep, project = names(block + 1)
        if pad == "around":
            x = F.pad(x, (r, r, r, r))
        if block:
            x = net.conv(x, *expand, 2 * WIDTH, act=F.relu6, eps=eps)
        x = net.conv(x, *deep, 0, 3, step, r, F.relu6, 0 if pad == "around" else pad, eps)
        x = net.conv(x, *project, WIDTH if block < 6 else 2 * WIDTH, act=None, eps=eps)
        if block not in HALVES and shortcut.shape[1] == x.shape[1]:
            x = x + shortcut
        low = x if block == 2 else low
    return x, low


def plain_names(folder):
    """torchvision's: conv.0.0, conv.0.1 and so on; the first block has no expansion."""
    def names(block):
        at = folder(block)
        if block == 1:
            return None, (f"{at}.0.0", f"{at}.0.1"), (f"{at}.1", f"{at}.2")
        return (f"{at}.0.0", f"{at}.0.1"), (f"{at}.1.0", f"{at}.1.1"), (f"{at}.2", f"{at}.3")
    return names


def aspp(net, x, name, rates, split=False, body=""):
    parts = [net.conv(x, f"{name}.convs.0.0", f"{name}.convs.0.1", WIDTH)]
    for i, rate in enumerate(rates, 1):
        if split:
            parts.append(net.split(x, f"{name}.convs.{i}.0", f"{name}.convs.{i}.1", WIDTH, rate, body))
        else:
            parts.append(net.conv(x, f"{name}.convs.{i}.0", f"{name}.convs.{i}.1", WIDTH, 3, rate=rate))
    parts.append(like(net.conv(mean(x), f"{name}.convs.4.1", f"{name}.convs.4.2", WIDTH), x))
    return net.conv(torch.cat(parts, 1), f"{name}.project.0", f"{name}.project.1", WIDTH)


# ---- VainF's DeepLabV3Plus-Pytorch

def vainf_rates(stride):
    return (12, 24, 36) if stride == 8 else (6, 12, 18)


def vainf_plus(net, x, stride, split=False):
    level = lambda block: f"backbone.{'low' if block < 4 else 'high'}_level_features.{block}.conv"
    x = net.conv(x, "backbone.low_level_features.0.0", "backbone.low_level_features.0.1", WIDTH, 3, 2, act=F.relu6,
                 pad=0)
    x, low = mobilenet(net, x, plain_names(level), stride, "around")
    low = net.conv(low, "classifier.project.0", "classifier.project.1", 3)
    x = like(aspp(net, x, "classifier.aspp", vainf_rates(stride), split, ".body"), low)
    x = torch.cat((low, x), 1)
    if split:
        x = net.split(x, "classifier.classifier.0", "classifier.classifier.1", WIDTH, body=".body")
    else:
        x = net.conv(x, "classifier.classifier.0", "classifier.classifier.1", WIDTH, 3)
    return net.conv(x, "classifier.classifier.3", None, 3, act=None)


def vainf_v3(net, x, stride):
    x, _ = resnet(net, x, "backbone.", stride)
    x = aspp(net, x, "classifier.classifier.0", vainf_rates(stride))
    x = net.conv(x, "classifier.classifier.1", "classifier.classifier.2", WIDTH, 3)
    return net.conv(x, "classifier.classifier.4", None, 5, act=None)


# ---- segmentation_models.pytorch

def smp_v3(net, x, stride, names):
    x, _ = resnet(net, x, "encoder.", stride, basic=True, every=True)
    x = aspp(net, x, names[0], (12, 24, 36))
    x = net.conv(x, names[1], names[2], WIDTH, 3)
    return net.conv(x, "segmentation_head.0", None, 1, act=None)


def smp_plus(net, x, stride):
    features = lambda block: f"encoder.features.{block}.conv"
    x = net.conv(x, "encoder.features.0.0", "encoder.features.0.1", WIDTH, 3, 2, act=F.relu6)
    x, low = mobilenet(net, x, plain_names(features), stride, every=True)
    x = net.conv(x, "encoder.features.18.0", "encoder.features.18.1", 2 * WIDTH, act=F.relu6)
    x = aspp(net, x, "decoder.aspp.0", (12, 24, 36), True)
    x = like(net.split(x, "decoder.aspp.1", "decoder.aspp.2", WIDTH), low, True)
    low = net.conv(low, "decoder.block1.0", "decoder.block1.1", 3)
    x = net.split(torch.cat((x, low), 1), "decoder.block2.0", "decoder.block2.1", WIDTH)
    return net.conv(x, "segmentation_head.0", None, 4, act=None)


# ---- mmsegmentation

def module(net, x, name, out, k=1, rate=1):
    return net.conv(x, f"{name}.conv", f"{name}.bn", out, k, rate=rate)


def separable(net, x, name, rate=1):
    return module(net, module(net, x, f"{name}.depthwise_conv", 0, 3, rate), f"{name}.pointwise_conv", WIDTH)


def mmseg_head(net, x, low, rates, plus):
    head = "decode_head"
    parts = [like(module(net, mean(x), f"{head}.image_pool.1", WIDTH), x)]
    for i, rate in enumerate(rates):
        name = f"{head}.aspp_modules.{i}"
        parts.append(separable(net, x, name, rate) if plus and i else
                     module(net, x, name, WIDTH, 3 if i else 1, rate))
    x = module(net, torch.cat(parts, 1), f"{head}.bottleneck", WIDTH, 3)
    if plus:
        low = module(net, low, f"{head}.c1_bottleneck", 3)
        x = torch.cat((like(x, low), low), 1)
        x = separable(net, separable(net, x, f"{head}.sep_bottleneck.0"), f"{head}.sep_bottleneck.1")
    net.conv(mean(x), "auxiliary_head.conv_seg", None, 6)
    return net.conv(x, f"{head}.conv_seg", None, 6, act=None)


def mmseg_plus(net, x, stride):
    grid, rates = ((1, 2, 4), (1, 6, 12, 18)) if stride == 16 else (None, (1, 12, 24, 36))
    return mmseg_head(net, *resnet(net, x, "backbone.", stride, deep=True, grid=grid), rates, True)


def mmseg_mobilenet(net, x, stride):
    starts = (0, 1, 3, 6, 10, 13, 16)

    def names(block):
        layer = max(i for i, start in enumerate(starts) if block > start)
        at = f"backbone.layer{layer + 1}.{block - 1 - starts[layer]}.conv"
        return [(f"{at}.{i}.conv", f"{at}.{i}.bn") for i in (range(3) if block > 1 else (0, 0, 1))]

    x = net.conv(x, "backbone.conv1.conv", "backbone.conv1.bn", WIDTH, 3, 2, act=F.relu6)
    x, low = mobilenet(net, x, names, stride, every=True)
    return mmseg_head(net, x, low, (1, 12, 24, 36), False)


# ---- transformers

def transformers(net, x, stride):
    both = lambda at, part: (f"{at}.{part}.convolution", f"{at}.{part}.normalization")
    stem, head, eps = "mobilenet_v2.conv_stem", "segmentation_head", 1e-3

    def names(block):
        at = stem if block == 1 else f"mobilenet_v2.layer.{block - 2}"
        return [both(at, part) for part in ("expand_1x1", "conv_3x3", "reduce_1x1")]

    x = net.conv(x, *both(stem, "first_conv"), WIDTH, 3, 2, act=F.relu6, pad="same", eps=eps)
    x, _ = mobilenet(net, x, names, stride, "same", eps=eps)
    net.conv(x, *both("mobilenet_v2", "conv_1x1"), WIDTH)
    pooled = like(net.conv(mean(x), *both(head, "conv_pool"), WIDTH), x)
    x = torch.cat((pooled, net.conv(x, *both(head, "conv_aspp"), WIDTH)), 1)
    x = net.conv(x, *both(head, "conv_projection"), WIDTH)
    return net.conv(x, f"{head}.classifier.convolution", None, 5, act=None)


# ---- bubbliiiing's deeplabv3-plus-pytorch

def numbered_names(block):
    at = f"backbone.features.{block}.conv"
    return [(f"{at}.{i}", f"{at}.{i + 1}") for i in ((0, 3, 6) if block > 1 else (0, 0, 3))]


def numbered_stem(net, x):
    return net.conv(x, "backbone.features.0.0", "backbone.features.0.1", WIDTH, 3, 2, act=F.relu6)


def bubbliiiing(net, x, stride, backbone):
    r = 16 // stride
    x, low = backbone(net, x, stride)
    parts = [net.conv(x, f"aspp.branch{i + 1}.0", f"aspp.branch{i + 1}.1", WIDTH, 3 if i else 1,
                      rate=6 * i * r or 1, biased=True) for i in range(4)]
    parts.append(like(net.conv(mean(x), "aspp.branch5_conv", "aspp.branch5_bn", WIDTH, biased=True), x, True))
    x = net.conv(torch.cat(parts, 1), "aspp.conv_cat.0", "aspp.conv_cat.1", WIDTH, biased=True)
    low = net.conv(low, "shortcut_conv.0", "shortcut_conv.1", 3, biased=True)
    x = torch.cat((like(x, low, True), low), 1)
    x = net.conv(x, "cat_conv.0", "cat_conv.1", WIDTH, 3, biased=True)
    x = net.conv(x, "cat_conv.4", "cat_conv.5", WIDTH, 3, biased=True)
    return net.conv(x, "cls_conv", None, 3, act=None)


def bubbliiiing_mobilenet(net, x, stride):
    return mobilenet(net, numbered_stem(net, x), numbered_names, stride)


def bubbliiiing_xception(net, x, stride):
    """Its activations work in place: what goes around a block without a convolution has been through the block's first."""
    def separable(x, name, out, stride=1, rate=1, first=True):
        act = None if first else F.relu
        x = net.conv(F.relu(x) if first else x, f"{name}.depthwise", f"{name}.bn1", 0, 3, stride, rate, act)
        return net.conv(x, f"{name}.pointwise", f"{name}.bn2", out, act=act)

    def block(x, name, filters, stride=1, rate=1):
        skip = F.relu(x)
        if stride != 1 or filters[2] != x.shape[1]:
            skip = net.conv(x, f"{name}.skip", f"{name}.skipbn", filters[2], 1, stride, act=None)
        x = separable(x, f"{name}.sepconv1", filters[0], 1, rate)
        hook = x = separable(x, f"{name}.sepconv2", filters[1], 1, rate)
        return skip + separable(x, f"{name}.sepconv3", filters[2], stride, rate), hook

    rate = 16 // stride
    x = net.conv(x, "backbone.conv1", "backbone.bn1", 2, 3, 2)
    x = net.conv(x, "backbone.conv2", "backbone.bn2", 3, 3)
    x, _ = block(x, "backbone.block1", (4, 4, 4), 2)
    x, low = block(x, "backbone.block2", (5, 5, 5), 2)
    x, _ = block(x, "backbone.block3", (6, 6, 6), 1 if stride == 8 else 2)
    for i in range(4, 20):
        x, _ = block(x, f"backbone.block{i}", (6, 6, 6), 1, rate)
    x, _ = block(x, "backbone.block20", (6, 7, 7), 1, rate)
    for i in (3, 4, 5):
        x = separable(x, f"backbone.conv{i}", 6, 1, rate, False)
    return x, low


# ---- jfzhang95's pytorch-deeplab-xception

def jfzhang95(net, x, stride, backbone, dropouts=True):
    x, low = backbone(net, x, stride)
    rates = (1, 12, 24, 36) if stride == 8 else (1, 6, 12, 18)
    parts = [net.conv(x, f"aspp.aspp{i + 1}.atrous_conv", f"aspp.aspp{i + 1}.bn", WIDTH, 3 if i else 1, rate=rate)
             for i, rate in enumerate(rates)]
    parts.append(like(net.conv(mean(x), "aspp.global_avg_pool.1", "aspp.global_avg_pool.2", WIDTH), x, True))
    x = net.conv(torch.cat(parts, 1), "aspp.conv1", "aspp.bn1", WIDTH)
    low = net.conv(low, "decoder.conv1", "decoder.bn1", 3)
    x, step = torch.cat((like(x, low, True), low), 1), 4 if dropouts else 3
    x = net.conv(x, "decoder.last_conv.0", "decoder.last_conv.1", WIDTH, 3)
    x = net.conv(x, f"decoder.last_conv.{step}", f"decoder.last_conv.{step + 1}", WIDTH, 3)
    return net.conv(x, f"decoder.last_conv.{2 * step}", None, 4, act=None)


def jfzhang95_resnet(net, x, stride):
    return resnet(net, x, "backbone.", stride, every=True, grid=(1, 2, 4), multiplied=True)


def jfzhang95_mobilenet(net, x, stride):
    """A stage whose stride became a dilation keeps the rate from before, and the next one has it."""
    x, low, now, reached, block = numbered_stem(net, x), None, 1, 2, 0
    for out, count, s in ((3, 1, 1), (4, 2, 2), (5, 3, 2), (8, 4, 2), (6, 3, 1), (7, 3, 2), (9, 1, 1)):
        if reached == stride:
            step, rate, now = 1, now, now * s
        else:
            step, rate, reached = s, 1, reached * s
        for i in range(count):
            block += 1
            expand, deep, project = numbered_names(block)
            shortcut, x = x, F.pad(x, (rate,) * 4)
            if block > 1:
                x = net.conv(x, *expand, 2 * WIDTH, act=F.relu6)
            x = net.conv(x, *deep, 0, 3, 1 if i else step, rate, F.relu6, 0)
            x = net.conv(x, *project, out, act=None)
            x = shortcut + x if i else x
            low = x if block == 3 else low
    return x, low


def jfzhang95_xception(net, x, stride):
    def separable(x, name, norm, out, stride=1, rate=1):
        x = net.conv(x, f"{name}.conv1", f"{name}.bn", 0, 3, stride, rate, None)
        return net.conv(x, f"{name}.pointwise", norm, out, act=None)

    def block(x, name, filters, stride=1, rate=1, last=None, starts=True):
        x = F.relu(x) if starts else x
        skip, at = x, 1 if starts else 0
        for i in range(3):
            x = F.relu(x) if i else x
            x = separable(x, f"{name}.rep.{at}", f"{name}.rep.{at + 1}", filters[i], stride if i == 2 else 1,
                          last or rate if i == 2 else rate)
            at += 3
        if stride != 1 or filters[2] != skip.shape[1]:
            skip = net.conv(skip, f"{name}.skip", f"{name}.skipbn", filters[2], 1, stride, act=None)
        return x + skip

    middle, leave = (2, (2, 4)) if stride == 8 else (1, (1, 2))
    x = net.conv(x, "backbone.conv1", "backbone.bn1", 2, 3, 2)
    x = net.conv(x, "backbone.conv2", "backbone.bn2", 3, 3)
    low = x = F.relu(block(x, "backbone.block1", (4, 4, 4), 2, starts=False))
    x = block(x, "backbone.block2", (5, 5, 5), 2, starts=False)
    x = block(x, "backbone.block3", (6, 6, 6), 1 if stride == 8 else 2)
    for i in range(4, 20):
        x = block(x, f"backbone.block{i}", (6, 6, 6), 1, middle)
    x = F.relu(block(x, "backbone.block20", (6, 7, 7), 1, leave[0], last=1))
    for i in (3, 4, 5):
        x = F.relu(separable(x, f"backbone.conv{i}", f"backbone.bn{i}", 6, 1, leave[1]))
    return x, low


def jfzhang95_drn(net, x, stride):
    x = net.conv(x, "backbone.layer0.0", "backbone.layer0.1", 2, 7)
    x = net.conv(x, "backbone.layer1.0", "backbone.layer1.1", 2, 3)
    x = net.conv(x, "backbone.layer2.0", "backbone.layer2.1", 3, 3, 2)
    low = None
    for layer, count, step, rate in ((3, 2, 2, 1), (4, 1, 2, 1), (5, 2, 1, 2), (6, 1, 1, 4)):
        for i in range(count):
            name, shortcut, s = f"backbone.layer{layer}.{i}", x, 1 if i else step
            x = net.conv(x, f"{name}.conv1", f"{name}.bn1", WIDTH)
            x = net.conv(x, f"{name}.conv2", f"{name}.bn2", WIDTH, 3, s, rate)
            x = net.conv(x, f"{name}.conv3", f"{name}.bn3", 8 if layer < 5 else 6, act=None)
            if s != 1 or shortcut.shape[1] != x.shape[1]:
                shortcut = net.conv(shortcut, f"{name}.downsample.0", f"{name}.downsample.1", x.shape[1], 1, s, act=None)
            x = F.relu(x + shortcut)
        low = x if layer == 3 else low
    x = net.conv(x, "backbone.layer7.0", "backbone.layer7.1", WIDTH, 3, rate=2)
    return net.conv(x, "backbone.layer8.0", "backbone.layer8.1", WIDTH, 3), low


# ---- files

def run(name, network, side, strides, symmetric=False, unit=False, **options):
    """Logits of each stride as (h, w, classes); the state dict, which they share."""
    x = torch.from_numpy(hash_picture(side, side)).permute(2, 0, 1)[None].float() / 255
    mean_, deviation = ([0.5] * 3, [0.5] * 3) if symmetric else ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    mean_, deviation = ([0.0] * 3, [1.0] * 3) if unit else (mean_, deviation)
    x = (x - torch.tensor(mean_)[:, None, None]) / torch.tensor(deviation)[:, None, None]
    for stride in strides:
        net = Net()
        with torch.no_grad():
            logits = network(net, x, stride, **options)
        if logits.shape[1] == 1:  # a sigmoid's: of two classes
            logits = torch.cat((torch.zeros_like(logits), logits), 1)
        print(f"{name}, stride {stride}: {tuple(logits.shape)}, up to {logits.abs().max():.2f}, {len(net.state)} tensors")
        logits[0].permute(1, 2, 0).contiguous().numpy().astype("<f4").tofile(
            GOLDEN / f"{name}_os{stride}_{side}.logits")
    return net.state


def main():
    torch.set_num_threads(2)
    to, tensors = CORPUS / "torch", CORPUS / "safetensors"
    state = run("vainf_plus", vainf_plus, 65, (8, 16))
    torch.save({"cur_itrs": 30000, "model_state": state, "scheduler_state": {"last_epoch": 3},
                "best_score": np.float64(0.71)}, to / "vainf_plus.pth", _use_new_zipfile_serialization=False)
    write_safetensors(run("vainf_split", vainf_plus, 34, (16,), split=True), tensors / "vainf_split.safetensors", "BF16")
    write_safetensors(run("vainf_v3", vainf_v3, 49, (8, 16)), tensors / "vainf_v3.safetensors", "BF16")
    wide = collections.OrderedDict((key, value.double()) for key, value in run(
        "smp_v3", smp_v3, 64, (8,), names=("decoder.aspp", "decoder.conv", "decoder.bn")).items())
    torch.save({"state_dict": collections.OrderedDict(("model." + key, value) for key, value in wide.items()),
                "hyper_parameters": {"lr": 1e-3}, "loss": torch.tensor(0.5)}, to / "smp_v3.pth")
    write_safetensors(run("smp_old", smp_v3, 64, (16,), names=("decoder.0", "decoder.1", "decoder.2")),
                      tensors / "smp_old_os16.safetensors", "BF16")
    write_safetensors(run("smp_plus", smp_plus, 64, (16,)), tensors / "smp_plus.safetensors", "BF16")
    write_safetensors(run("mmseg_plus", mmseg_plus, 65, (8, 16)), tensors / "mmseg_plus.safetensors", "BF16")
    state = run("mmseg_mobilenet", mmseg_mobilenet, 65, (8,))
    torch.save({"meta": {"epoch": 160, "CLASSES": ("wall", "floor")}, "state_dict": state}, to / "mmseg_mobilenet.pth",
               _use_new_zipfile_serialization=False)
    write_safetensors(run("transformers", transformers, 66, (8,), symmetric=True), tensors / "transformers.safetensors",
                      "BF16")
    write_safetensors(run("bubbliiiing_mobilenet", bubbliiiing, 65, (8, 16), unit=True, backbone=bubbliiiing_mobilenet),
                      tensors / "bubbliiiing_mobilenet.safetensors", "BF16")
    write_safetensors(run("bubbliiiing_xception", bubbliiiing, 65, (8, 16), unit=True, backbone=bubbliiiing_xception),
                      tensors / "bubbliiiing_xception.safetensors", "BF16")
    write_safetensors(run("jfzhang95_resnet", jfzhang95, 65, (8, 16), backbone=jfzhang95_resnet),
                      tensors / "jfzhang95_resnet.safetensors", "BF16")
    write_safetensors(run("jfzhang95_xception", jfzhang95, 65, (8, 16), backbone=jfzhang95_xception),
                      tensors / "jfzhang95_xception.safetensors", "BF16")
    write_safetensors(run("jfzhang95_drn", jfzhang95, 65, (8,), backbone=jfzhang95_drn, dropouts=False),
                      tensors / "jfzhang95_drn.safetensors", "BF16")
    # Its parts are parameters twice, under two names.
    state = run("jfzhang95_mobilenet", jfzhang95, 65, (8, 16), backbone=jfzhang95_mobilenet)
    for key in [key for key in state if key.startswith("backbone.features.")]:
        number = int(key.split(".")[2])
        state[f"backbone.{'low' if number < 4 else 'high'}_level_features.{key.split('.', 2)[2]}"] = state[key]
    torch.save({"epoch": 50, "state_dict": state, "best_pred": 0.7}, to / "jfzhang95_mobilenet.pth",
               _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
