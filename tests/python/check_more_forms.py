# SPDX-License-Identifier: MIT
"""BMP, PNM, PAM, JPEG 2000, PSD and AVIF, as the library reads and writes them, against Pillow and, where it is there,
ImageMagick, which writes more kinds of them.

Run by forms_test.sh, as check_forms.py is.
"""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from check_forms import FORMS, Case, encode, noise, opened, pixels, reads, saved

AVIF = 5
CONVERT = shutil.which('convert-im6') or shutil.which('convert-im6.q16')
SIZES = ((37, 23), (64, 48), (1, 1), (7, 3))


def colors(width, height, channels):
    return noise(height, width, channels).astype(np.uint8)


class Pillow(Case):
    def test_bmp(self):
        for width, height in SIZES:
            picture = Image.fromarray(colors(width, height, 3))
            for mode in ('1', 'L', 'P', 'RGB', 'RGBA'):
                file = saved(picture.convert(mode), 'BMP')
                self.same(pixels(file), opened(file), 0, (mode, width))

    def test_pnm(self):
        for width, height in SIZES:
            picture = Image.fromarray(colors(width, height, 3))
            for mode in ('1', 'L', 'RGB'):
                file = saved(picture.convert(mode), 'PPM')
                self.same(pixels(file), opened(file), 0, (mode, width))

    @reads('JPEG 2000')
    def test_jpeg_2000(self):
        for width, height in SIZES:
            for channels in (1, 2, 3, 4):
                picture = Image.fromarray(np.squeeze(colors(width, height, channels), axis=2) if channels == 1
                                          else colors(width, height, channels))
                for options in ({'irreversible': False}, {'irreversible': True, 'quality_layers': [20]}):
                    file = saved(picture, 'JPEG2000', num_resolutions=1, **options)
                    self.same(pixels(file), opened(file), 0, (channels, width, options))


@unittest.skipUnless(CONVERT, 'ImageMagick is not there')
class ImageMagick(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def made(self, form, *options, alpha=False, deep=False, size=(37, 23)):
        """A file that it writes, and the numbers that it then reads out of that."""
        source, target = self.folder / 'source.png', self.folder / 'target'
        Image.fromarray(colors(*size, 4 if alpha else 3)).save(source)
        subprocess.run([CONVERT, source, *options, f'{form}:{target}'], check=True)
        reader = {'BMP2': 'BMP', 'BMP3': 'BMP'}.get(form, form)
        back = subprocess.run([CONVERT, '-define', 'psd:alpha-unblend=off', f'{reader}:{target}[0]', '-alpha', 'set',
                               '-colorspace', 'sRGB', '-depth', '16' if deep else '8', '-endian', 'LSB', 'rgba:-'],
                              check=True, stdout=subprocess.PIPE).stdout
        array = np.frombuffer(back, '<u2' if deep else np.uint8)
        return target.read_bytes(), array.reshape(size[1], size[0], 4)

    def test_bmp_runs(self):
        for size in SIZES:
            for count in (2, 5, 16, 200):
                for form in ('BMP', 'BMP3'):
                    file, wanted = self.made(form, '+dither', '-colors', str(count), '-type', 'Palette', '-compress',
                                             'RLE', size=size)
                    self.assertEqual(file[30], 1)
                    # Its own alpha of a palette is what the fourth byte of each colour is.
                    self.same(pixels(file)[..., :3], wanted[..., :3], 0, (form, count, size))

    def test_bmp_alpha(self):
        file, wanted = self.made('BMP', alpha=True)
        self.same(pixels(file), wanted, 0, 'alpha')

    def test_pam(self):
        for options in ((), ('-colorspace', 'Gray'), ('-monochrome',)):
            for alpha in (False, True):
                file, wanted = self.made('PAM', *options, alpha=alpha)
                self.same(pixels(file), wanted, 0, (options, alpha))
        file, wanted = self.made('PAM', '-depth', '16', '-blur', '0x2', alpha=True, deep=True)
        self.same(pixels(file, keep_depth=True), wanted, 0, 'deep')

    def test_psd(self):
        for form in ('PSD', 'PSB'):
            for options in ((), ('-compress', 'None'), ('-compress', 'RLE'), ('-colorspace', 'Gray'),
                            ('-colorspace', 'CMYK', '-compress', 'RLE'), ('-monochrome',)):
                for alpha in (False, True):
                    if alpha and 'CMYK' in options or alpha and '-monochrome' in options:
                        continue
                    file, wanted = self.made(form, *options, alpha=alpha)
                    if alpha:  # which it reads wrongly out of its own grey files
                        wanted = np.dstack([wanted[..., :3], colors(37, 23, 4)[..., 3]])
                    self.same(pixels(file), wanted, 'CMYK' in options, (form, options, alpha))
            file, wanted = self.made(form, '-depth', '16', '-blur', '0x2', deep=True)
            self.same(pixels(file, keep_depth=True), wanted, 0, (form, 'deep'))


class Avif(Case):
    def setUp(self):
        if not FORMS['AVIF'].writes:
            self.skipTest('this build does not write AVIF')

    def test_sizes(self):
        for width, height in SIZES:
            picture = colors(width, height, 4)
            self.same(pixels(encode(picture, AVIF, lossless=True)), picture, 0, width)
            self.same(pixels(encode(picture, AVIF))[..., 3], picture[..., 3], 0, width)

    def test_quality(self):
        picture = colors(64, 48, 3)
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
        sizes = [len(encode(picture, AVIF, quality=quality)) for quality in (10, 50, 0, 100)]
        self.assertEqual(sizes, sorted(sizes))


if __name__ == '__main__':
    unittest.main()
