#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keys against ffmpeg's chromakey and ImageMagick's -fuzz, on made pictures of known alpha.

Needs what Debian has: python3-numpy, python3-pil, python3-scipy, ffmpeg, imagemagick.

usage: bench/peers/key.py FOLDER [--build DIR] [--work DIR] [--tuned NAME,...] [--measured NAME,...]

FOLDER has people/NAME.foreground.png and .alpha.png, and alphamatting/NAME.photo.png and .alpha.png, whose foreground is
what `backdrop --matte-in` makes of them. Each is laid over green, blue, white and grey: in light, with noise of sigma 4,
under light that falls by 30 % from left to right, with a shadow of half the light, and in sRGB's numbers. The others'
numbers are those with the least SAD on the tuned subjects under noise, for each colour; ours are the defaults. chromakey
knows no grey: for grey and white it is colorkey. h1 wears blue, so it tunes nothing. refused: --key auto found no colour
on one of them. SAD in
thousands of pixels, MSE in thousandths, the mean error of the foreground's colours in steps of 255 where the true alpha
lies in 0.05..0.95.
"""
import argparse
import pathlib
import subprocess

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

KEYS = {"green": (32, 176, 64), "blue": (32, 72, 192), "white": (244, 244, 244), "grey": (144, 144, 144)}
# light or sRGB's numbers, noise, gradient, shadow
KINDS = {"plain": (True, 0, False, False), "noise": (True, 4, False, False), "uneven": (True, 4, True, False),
         "shadow": (True, 4, True, True), "in sRGB": (False, 0, False, False)}


def to_light(srgb):
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def read(path, mode="RGB"):
    return np.asarray(Image.open(path).convert(mode)).astype(float) / 255


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL, capture_output=True)


class Bench:
    def __init__(self, folder, build, work):
        self.folder, self.work, self.backdrop = pathlib.Path(folder), pathlib.Path(work), pathlib.Path(build) / "backdrop"
        self.work.mkdir(parents=True, exist_ok=True)
        self.subjects = {}

    def subject(self, name):
        if name not in self.subjects:
            people = self.folder / "people" / f"{name}.foreground.png"
            alpha = self.folder / ("people" if people.exists() else "alphamatting") / f"{name}.alpha.png"
            if not people.exists():
                people = self.work / f"{name}.foreground.png"
                run(self.backdrop, self.folder / "alphamatting" / f"{name}.photo.png", "--matte-in", alpha,
                    "--transparent", "-o", people)
            self.subjects[name] = read(people), read(alpha, "L")
        return self.subjects[name]

    def picture(self, name, key, kind):
        front, alpha = self.subject(name)
        linear, sigma, uneven, shadow = KINDS[kind]
        height, width = alpha.shape
        back = to_light(np.array(KEYS[key]) / 255) * np.ones((height, width, 1))
        if uneven:
            back = back * (1 - 0.3 * np.linspace(0, 1, width)[None, :, None])
        if shadow:
            x, y, cast = width // 20, height // 25, np.zeros_like(alpha)
            cast[y:, x:] = alpha[:-y, :-x]
            back = back * (1 - 0.5 * gaussian_filter(cast, width / 80))[..., None]
        share = alpha[..., None]
        made = share * to_light(front) + (1 - share) * back if linear else share * front + (1 - share) * to_srgb(back)
        made = to_srgb(made) if linear else made
        made = made + np.random.default_rng(1).normal(0, sigma / 255, made.shape) if sigma else made
        path = self.work / "photo.png"
        Image.fromarray((np.clip(made, 0, 1) * 255 + 0.5).astype(np.uint8)).save(path, compress_level=1)
        return path

    def score(self, name, out):
        front, alpha = self.subject(name)
        got = read(out, "RGBA")
        away, soft = np.abs(got[..., 3] - alpha), (alpha > 0.05) & (alpha < 0.95)
        return np.array([away.sum() / 1000, (away ** 2).mean() * 1000,
                         np.abs(got[..., :3] - front).mean(-1)[soft].mean() * 255])


def ours(bench, photo, key, numbers, out):
    run(bench.backdrop, photo, "--key", numbers[0] if numbers else "#%02x%02x%02x" % KEYS[key], "--transparent", "-o", out)


def ffmpeg(bench, photo, key, numbers, out):
    way = "format=rgba,colorkey" if key in ("white", "grey") else "format=yuva444p,chromakey"
    run("ffmpeg", "-y", "-v", "error", "-i", photo, "-vf",
        f"{way}=0x%02x%02x%02x:{numbers[0]}:{numbers[1]},format=rgba" % KEYS[key], "-frames:v", "1", out)


def magick(bench, photo, key, numbers, out):
    run("convert", photo, "-alpha", "set", "-fuzz", f"{numbers[0]}%", "-transparent", "#%02x%02x%02x" % KEYS[key],
        f"png32:{out}")


PAIRS = [(a, b) for a in (0.03, 0.06, 0.1, 0.15, 0.22) for b in (0.02, 0.1, 0.25)]
PEERS = {"backdrop": (ours, [()]), "backdrop, auto": (ours, [("auto",)]), "ffmpeg": (ffmpeg, PAIRS),
         "ImageMagick": (magick, [(n,) for n in (3, 6, 10, 15, 20, 28, 40)])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/peers/key")
    parser.add_argument("--tuned", default="GT01,GT05")
    parser.add_argument("--measured", default="h2,GT03,GT13")
    given = parser.parse_args()
    bench = Bench(given.folder, given.build, given.work)
    out = bench.work / "out.png"
    print("| key | picture |", " | ".join(PEERS), "|\n|---|---|" + "---|" * len(PEERS), flush=True)
    for key in KEYS:
        sums = {peer: {numbers: 0.0 for numbers in choices} for peer, (_, choices) in PEERS.items()}
        for name in given.tuned.split(","):
            photo = bench.picture(name, key, "noise")
            for peer, (call, choices) in PEERS.items():
                for numbers in choices if len(choices) > 1 else []:
                    call(bench, photo, key, numbers, out)
                    sums[peer][numbers] += bench.score(name, out)[0]
        best = {peer: min(tried, key=tried.get) for peer, tried in sums.items()}
        for kind in KINDS:
            rows = {peer: [] for peer in PEERS}
            for name in given.measured.split(","):
                photo = bench.picture(name, key, kind)
                for peer, (call, _) in PEERS.items():
                    try:
                        call(bench, photo, key, best[peer], out)
                        rows[peer].append(bench.score(name, out))
                    except subprocess.CalledProcessError:
                        rows[peer].append(np.full(3, np.nan))
            means = [np.mean(rows[peer], axis=0) for peer in PEERS]
            cells = ["refused" if np.isnan(mean[0]) else "%.2f, %.2f, %.1f" % tuple(mean) for mean in means]
            print(f"| {key} | {kind} |", " | ".join(cells), "|", flush=True)
        print(f"{key}:", ", ".join(f"{peer} {best[peer]}" for peer in PEERS if len(best[peer]) and best[peer] != ("auto",)),
              flush=True)


if __name__ == "__main__":
    main()
