# SPDX-License-Identifier: MIT
"""The command's --transparent, --keep-hidden, --depth, --crop, --color and --matte-in, pixel by pixel.

Run by shaping_test.sh, with BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR. No network is asked.
"""
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

SOURCE, BUILD = Path(os.environ['BACKDROP_SOURCE_DIR']), Path(os.environ['BACKDROP_BUILD_DIR'])
FIELD = Path(os.environ.get('BACKDROP_SHARED_DIR', '')) / 'data/field'
W, H = 64, 48


def read(path):
    return np.asarray(Image.open(path))


def depth(path):
    return Path(path).read_bytes()[24]


def pascal_color(label):
    """VOC devkit's VOClabelcolormap."""
    rgb = [0, 0, 0]
    for bit in range(8):
        rgb[bit % 3] |= (label >> bit & 1) << 7 - bit // 3
    return rgb


def save_indexed(path, labels, palette=None):
    image = Image.fromarray(labels.astype(np.uint8), 'P')
    image.putpalette(palette or sum((pascal_color(c) for c in range(256)), []))
    image.save(path)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = Path(self.folder.name)
        noise = np.random.default_rng(7)
        self.photo = noise.integers(1, 256, (H, W, 3)).astype(np.uint8)
        self.half = np.zeros((H, W), np.uint8)
        self.half[:, W // 2:] = 1
        self.keep('photo.png', self.photo)
        self.keep('half.png', self.half * 255)

    def keep(self, name, array):
        if name.endswith('.npy'):
            np.save(self.at / name, array)
        else:
            Image.fromarray(array).save(self.at / name)

    def run_backdrop(self, *arguments, status=0, lines=None, given=None):
        """The command in the folder; what it says on standard error and output."""
        done = subprocess.run([BUILD / 'backdrop', *map(str, arguments)], cwd=self.at, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=given or subprocess.DEVNULL)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, (arguments, said))
        self.assertEqual(said.count('\n'), lines if lines is not None else status != 0, (arguments, said))
        return said, done.stdout.decode(errors='replace')


class Hidden(Case):
    """No colour is left where nothing is seen."""

    def cut(self, photo, *more, matte='half.png'):
        self.run_backdrop(photo, '--matte-in', matte, '-o', 'out.png', *(more or ['--transparent']))
        return read(self.at / 'out.png')

    def test_nothing_is_left(self):
        got = self.cut('photo.png')
        self.assertTrue((got[:, :W // 2] == 0).all())
        self.assertTrue((got[:, W // 2:, :3] == self.photo[:, W // 2:]).all() and (got[:, W // 2:, 3] == 255).all())
        small = (self.at / 'out.png').stat().st_size
        got = self.cut('photo.png', '--transparent', '--keep-hidden')
        self.assertTrue((got[..., :3] == self.photo).all() and (got[:, :W // 2, 3] == 0).all())
        self.assertLess(small, 0.7 * (self.at / 'out.png').stat().st_size)

    def test_a_little_is_seen(self):
        ramp = np.linspace(0, 255, W).astype(np.uint8)
        self.keep('ramp.png', np.repeat(ramp[None], H, 0))
        got = self.cut('photo.png', '--transparent', '--foreground', 'off', matte='ramp.png')
        self.assertTrue((got[..., 3] == ramp).all())
        self.assertTrue((got[..., :3] == np.where((ramp > 0)[None, :, None], self.photo, 0)).all())

    def test_colours_that_are_not_seen(self):
        for color, left in ('#12345600', '--keep-hidden'), ('rgb(18 52 86 / 0)', '-q'):
            got = self.cut('photo.png', '--color', color, left)[:, :W // 2]
            self.assertTrue((got == ([18, 52, 86, 0] if left == '--keep-hidden' else 0)).all())
        holes = np.dstack([self.photo, np.where(self.half == 1, 255, 0).astype(np.uint8)])
        holes[:, W // 2 + 9:, 3] = 100
        self.keep('holes.png', holes)
        for way in ['--transparent'], ['--blur', '3']:
            got = self.cut('holes.png', *way, matte=self.whole())
            self.assertTrue((got[got[..., 3] == 0] == 0).all() and (got[..., 3] == holes[..., 3]).all())

    def whole(self):
        self.keep('whole.png', np.full((H, W), 255, np.uint8))
        return 'whole.png'

    def test_field(self):
        photo = FIELD / '03-hidden-background/in.png'
        if not photo.exists():
            self.skipTest('no field cases')
        got = self.cut(photo, matte=FIELD / 'half.png')
        self.assertTrue((got[..., 3] == read(FIELD / 'half.png')).all() and (got[got[..., 3] == 0] == 0).all())
        self.assertTrue((got[got[..., 3] > 0][:, :3] == read(photo)[got[..., 3] > 0]).all())


class Depth(Case):
    def test_depths(self):
        deep = np.random.default_rng(3).integers(0, 65536, (H, W)).astype(np.uint16)
        self.keep('deep.png', deep)
        files = ['--matte-in', 'half.png', '--matte-out', 'm.png', '-o', 'out.png']
        for photo, ground, bits, expected in (
                ('deep.png', 'photo.png', [], (16, 8)), ('deep.png', 'photo.png', [8], (8, 8)),
                ('deep.png', 'photo.png', [16], (16, 16)), ('photo.png', 'deep.png', [], (16, 8)),
                ('photo.png', 'deep.png', [8], (8, 8)), ('photo.png', 'photo.png', [16], (8, 16))):
            self.run_backdrop(photo, ground, *files, *(['--depth', *bits] if bits else []))
            self.assertEqual((depth(self.at / 'out.png'), depth(self.at / 'm.png')), expected, (photo, ground, bits))
        self.run_backdrop('deep.png', '--transparent', '--matte-in', 'half.png', '--depth', 8, '-o', 'out.png')
        got = read(self.at / 'out.png')
        self.assertTrue((got[:, W // 2:, 0] == np.floor(deep[:, W // 2:] / 257 + 0.5)).all())
        self.assertTrue((got[:, :W // 2] == 0).all())
        self.run_backdrop('deep.png', '--color', 'red', '--matte-in', 'half.png', '--depth', 8, '-o', 'out.jpg')
        self.run_backdrop('photo.png', '--transparent', '--depth', 12, '-o', 'out.png', status=2)


class Crop(Case):
    """The subject's rectangle: 10 from the left, 5 from the top, 20 wide, 30 high."""

    def setUp(self):
        super().setUp()
        mask = np.zeros((H, W), np.uint8)
        mask[5:35, 10:30] = 255
        mask[20, 2] = 3  # is not seen
        self.keep('mask.png', mask)
        self.keep('empty.png', mask * 0)
        self.mask = mask

    def test_cut(self):
        margins = {'0': (10, 5, 30, 35), '4': (6, 1, 34, 39), '4px': (6, 1, 34, 39), '10%': (7, 2, 33, 38),
                   '7': (3, 0, 37, 42), '10000': (0, 0, W, H), '300%': (0, 0, W, H), '25.4': (0, 0, 55, H)}
        for way in ['--transparent'], ['--color', 'teal'], ['half.png'], ['half.png', '--matte-out', 'm.png']:
            words = ['photo.png', *way, '--matte-in', 'mask.png', '--json']
            self.run_backdrop(*words, '-o', 'whole.png')
            for margin in margins if way == ['--transparent'] else ['10%']:
                left, top, right, bottom = margins[margin]
                crop = {'x': left, 'y': top, 'width': right - left, 'height': bottom - top}
                said = json.loads(self.run_backdrop(*words, '-o', 'cut.png', '--crop', margin)[1])
                self.assertEqual(said['output']['crop'], crop, (margin, way))
                self.assertEqual((said['output']['width'], said['photo']['width']), (crop['width'], W))
                self.assertTrue(np.array_equal(read(self.at / 'cut.png'),
                                               read(self.at / 'whole.png')[top:bottom, left:right]), way)
        self.assertTrue(np.array_equal(read(self.at / 'm.png'), self.mask[2:38, 7:33]))

    def test_mattes(self):
        for bits in 8, 16:
            words = ['matte', 'photo.png', '--matte-in', 'mask.png', '--crop', '2', '--depth', bits, '--json']
            said = json.loads(self.run_backdrop(*words, '-o', 'm.png')[1])
            self.assertEqual(said['output']['crop'], {'x': 8, 'y': 3, 'width': 24, 'height': 34})
            self.assertEqual(depth(self.at / 'm.png'), bits)
            self.assertTrue((read(self.at / 'm.png') // (257 if bits == 16 else 1) == self.mask[3:37, 8:32]).all())

    def test_deep(self):
        deep = np.random.default_rng(3).integers(0, 65536, (H, W)).astype(np.uint16)
        self.keep('deep.png', deep)
        self.run_backdrop('deep.png', 'half.png', '--matte-in', 'mask.png', '--crop', 1, '-o', 'cut.png')
        self.assertEqual((depth(self.at / 'cut.png'), read(self.at / 'cut.png').shape[:2]), (16, (32, 22)))
        self.run_backdrop('deep.png', 'half.png', '--matte-in', 'mask.png', '--crop', 1, '-o', 'cut.jpg')
        self.assertEqual(read(self.at / 'cut.jpg').shape[:2], (32, 22))

    def test_nothing_to_cut(self):
        for words in ['photo.png', '--color', 'red', '-o', 'out.png'], ['matte', 'photo.png', '-o', 'out.png']:
            said, _ = self.run_backdrop(*words, '--matte-in', 'empty.png', '--crop', 3, lines=2)
            self.assertIn('photo.png is not cropped', said)
            self.assertIn('nothing of photo.png is foreground', said)
            self.assertEqual(read(self.at / 'out.png').shape[:2], (H, W))
            self.run_backdrop(*words, '--matte-in', 'empty.png', '--crop', 3, '-q', lines=0)
        for margin in '-1', '10001', 'x', '', '3%%', 'nan', '5 px':
            words = 'photo.png', '--color', 'red', '--matte-in', 'mask.png', '-o', 'o.png'
            self.run_backdrop(*words, f'--crop={margin}', status=2)
        self.run_backdrop('photo.png', '--color', 'red', '--classic', '--crop', 1, '-o', 'o.png', status=2)

    def test_several(self):
        """Each by its own subject, while the next one is begun."""
        for i in range(4):
            photo = np.full((H, W, 3), (32, 176, 64), np.uint8)
            photo[10 + i:20 + 3 * i, 12:30 - i] = (224, 172, 140)
            self.keep(f'{i}.png', photo if i != 2 else photo * 0 + np.uint8((32, 176, 64)))
        said, out = self.run_backdrop(*(f'{i}.png' for i in range(4)), '--key', 'auto', '--transparent', '--crop', 0,
                                      '--output-dir', 'done', '--json', lines=3)
        self.assertIn('2.png is not cropped', said)
        self.assertIn('nothing of 2.png is foreground', said)
        self.assertIn('4 files: 4 done, 1 without the subject', said)
        self.assertEqual(out.count('"crop"'), 3)
        for i in 0, 1, 3:
            self.run_backdrop(f'{i}.png', '--key', 'auto', '--transparent', '--crop', 0, '-o', 'one.png')
            got = read(self.at / f'done/{i}.png')
            self.assertTrue(np.array_equal(got, read(self.at / 'one.png')))
            self.assertLessEqual(abs(got.shape[0] - (10 + 2 * i)) + abs(got.shape[1] - (18 - i)), 4)
        self.assertEqual(read(self.at / 'done/2.png').shape[:2], (H, W))


class Empty(Case):
    """A matte without a subject is told of, wherever it comes from."""

    def test_nothing_is_foreground(self):
        self.keep('black.png', self.half * 0)
        save_indexed(self.at / 'cat.png', self.half * 8)
        speck = self.half * 0
        speck[3, 4] = 255
        self.keep('speck.png', speck)
        self.keep('screen.png', np.full((H, W, 3), (32, 176, 64), np.uint8))
        given = [['photo.png', way, name] for way in ('--matte-in', '--coarse', '--trimap')
                 for name in ('black.png', 'speck.png')]
        given += [['photo.png', '--matte-in', 'half.png', '--levels', '99.9,100', '--shrink', W],
                  ['screen.png', '--key', 'auto']]
        for words in given:
            for verb in ['matte'], ['--color', 'red']:
                said, out = self.run_backdrop(*verb, *words, '-o', 'out.png', '--json', lines=1)
                self.assertIn(f'nothing of {words[0]} is foreground', said, words)
                told = json.loads(out)
                self.assertEqual((told['found'], told['empty']), (False, True), words)
                (self.at / 'out.png').unlink()
                self.run_backdrop(*verb, *words, '-o', 'out.png', '--fail-empty', status=11)
                self.assertFalse((self.at / 'out.png').exists(), words)
        self.run_backdrop('matte', 'photo.png', '--matte-in', 'cat.png', '-o', 'out.png', '--fail-empty', status=11)

    def test_something_is(self):
        self.keep('faint.png', self.half * 30)
        for words in (['--matte-in', 'half.png'], ['--coarse', 'half.png'], ['--trimap', 'half.png'],
                      ['--matte-in', 'faint.png']):
            words = ['matte', 'photo.png', *words, '-o', 'out.png', '--fail-empty', '--json']
            told = json.loads(self.run_backdrop(*words)[1])
            self.assertEqual((told['found'], told['empty']), (True, False), words)


class Trimaps(Case):
    def test_forms(self):
        known = np.zeros((H, W), np.uint8)
        known[:, W // 3:2 * W // 3] = 1
        known[:, 2 * W // 3:] = 2
        self.keep('usual.png', np.array([0, 128, 255], np.uint8)[known])
        self.keep('numbers.png', known)
        self.keep('deep.png', known.astype(np.uint16))
        self.run_backdrop('matte', 'photo.png', '--trimap', 'usual.png', '-o', 'm.png')
        wanted = read(self.at / 'm.png')
        for name in 'numbers.png', 'deep.png':
            said, _ = self.run_backdrop('matte', 'photo.png', '--trimap', name, '-o', 'm.png', lines=1)
            self.assertIn(f'{name} has only 0, 1 and 2', said)
            self.assertTrue((read(self.at / 'm.png') == wanted).all(), name)

    def test_what_cannot_be_solved(self):
        grey = np.full((H, W), 128, np.uint8)
        save_indexed(self.at / 'labels.png', self.half * 15)
        self.keep('grey.png', grey)
        self.keep('no_white.png', np.where(self.half, grey, 0).astype(np.uint8))
        self.keep('no_black.png', np.where(self.half, grey, 255).astype(np.uint8))
        self.keep('ones.png', self.half)
        for name, said in (('labels.png', 'no white'), ('grey.png', 'no black and no white'), ('ones.png', 'no white'),
                           ('no_white.png', 'no white'), ('no_black.png', 'no black')):
            told, _ = self.run_backdrop('matte', 'photo.png', '--trimap', name, '-o', 'm.png', status=2)
            self.assertIn(f'{name}: it has {said}; in a trimap black is background', told)
        self.run_backdrop('matte', 'photo.png', '--trimap', 'no_white.png', '--coarse', 'half.png', '-o', 'm.png')


class Colours(Case):
    def test_names(self):
        """The command's table against PIL's, which has the same 148."""
        source = (SOURCE / 'tools/css_color.c').read_text()
        ours = {name: '#' + rgb for name, rgb in re.findall(r'\{"([a-z]+)", 0x([0-9a-f]{6})\}', source)}
        self.assertEqual(len(ours), 148)
        self.assertEqual(ours, {name: ImageColor.colormap[name].lower() for name in ours})

    def test_said(self):
        for color, rgba in (('RebeccaPurple', (102, 51, 153)), ('rgb(1, 2, 3)', (1, 2, 3)), ('#abc8', (170, 187, 204))):
            self.run_backdrop('photo.png', '--matte-in', 'half.png', '--color', color, '-o', 'out.png')
            self.assertTrue((read(self.at / 'out.png')[:, :W // 2, :3] == rgba).all(), color)
        said, _ = self.run_backdrop('photo.png', '--color', 'rgb(1,2)', '-o', 'out.png', status=2)
        self.assertIn("a name of CSS such as white, not 'rgb(1,2)'", said)


class Masks(Case):
    """What --matte-in and --coarse take, and what they say of the rest."""

    def matte(self, name, *more, **how):
        said, _ = self.run_backdrop('matte', 'photo.png', '--matte-in', name, '-o', 'm.png', *more, **how)
        return said, read(self.at / 'm.png') if how.get('status', 0) == 0 else None

    def is_half(self, name, note=None, *more):
        said, got = self.matte(name, *more, lines=1 if note else 0)
        self.assertIn(note or '', said, name)
        self.assertTrue((got == self.half * 255).all(), name)
        self.assertEqual(self.matte(name, '-q', *more)[0], '')

    def refused(self, name, words, *more):
        self.assertIn(words, self.matte(name, *more, status=2)[0])

    def test_plain(self):
        self.keep('deep.png', self.half.astype(np.uint16) * 65535)
        self.keep('opaque.png', np.dstack([self.half * 255] * 3 + [self.half * 0 + 255]))
        self.keep('bytes.npy', self.half * 255)
        self.keep('truth.npy', self.half == 1)
        self.keep('floats.npy', self.half.astype(np.float32))
        Image.fromarray(self.half * 255).convert('1').save(self.at / 'bit.png')
        save_indexed(self.at / 'inverse.png', 1 - self.half, [255] * 3 + [0] * 3)
        for name in ('half.png', 'deep.png', 'opaque.png', 'bytes.npy', 'truth.npy', 'floats.npy', 'bit.png',
                     'inverse.png'):
            self.is_half(name)
        noise = self.photo[..., 0]
        shades = {'soft': np.arange(0, 4 * W, 4)[None], 'half_seen': self.half * 128,
                  'dark': np.where(np.arange(W) > 40, 255, 3)[None], 'noise': np.where(self.half, 255, noise % 4),
                  'nearly_nothing': noise % 5}
        for name, mask in shades.items():
            name, mask = f'{name}.png', np.broadcast_to(mask, (H, W)).astype(np.uint8)
            self.keep(name, mask)
            said, got = self.matte(name, lines=name == 'nearly_nothing.png')
            self.assertTrue((got == mask).all(), name)

    def test_numpy(self):
        """The same array in other types and orders; what is not taken says what it has."""
        ramp = np.broadcast_to(np.arange(W, dtype=np.float32) / 63, (H, W))
        bytes_ = np.broadcast_to(np.arange(W) * 4, (H, W))
        for i, (array, said) in enumerate((
                (ramp.astype('>f4'), ''), (ramp.astype('f8'), ''), (ramp.astype('>f2'), ''), (ramp.astype('f2'), ''),
                (np.asfortranarray(ramp), ''), (ramp[None], ''), (ramp[..., None], ''), (ramp[None, None], ''),
                (np.asfortranarray(bytes_.astype('i8')), ''), (bytes_.astype('>i2'), ''), (bytes_.astype('u4'), ''),
                (ramp * 1.0009 - 0.0003, ''), (self.half.astype('i8'), 'only 0 and 1'),
                (np.asfortranarray(self.half == 1), ''), (self.half.astype('>i4'), 'only 0 and 1'))):
            self.keep(f'{i}.npy', array)
            note, got = self.matte(f'{i}.npy', lines=1 if said else 0)
            self.assertIn(said, note)
            wanted = np.asarray(array, np.float64).reshape(H, W)
            wanted = wanted * 255 if array.dtype.kind == 'f' or said or array.dtype.kind == 'b' else wanted
            self.assertLessEqual(np.abs(got - wanted).max(), 0.8, i)
        bad = ramp.copy()
        bad[3, 5] = np.nan
        for i, (array, said) in enumerate((
                (ramp * 2, "its numbers are from 0 to 2; a matte's are from 0 to 1\n"),
                (ramp * 255, 'its numbers are from 0 to 255; a matte\'s are from 0 to 1: divide by 255'),
                (ramp * -1, 'its numbers are from -1 to 0; a matte\'s are from 0 to 1'), (bad, 'are NaN'),
                (ramp + np.float32(1.01), 'from 1.01 to 2.01'),
                ((bytes_ * 100).astype('i4'), 'its numbers are from 0 to 25200; a matte\'s are from 0 to 255'),
                ((bytes_ - 3).astype('i1'), 'its numbers are from -'),
                (ramp.astype('c8'), "it has '<c8' of shape (48, 64); taken are (h, w)"),
                (np.dstack([ramp] * 3), 'it has float32 of shape (48, 64, 3); taken are (h, w)'),
                (ramp[0], 'float32 of shape (64,)'), (np.zeros((0, 4)), 'float64 of shape (0, 4)'),
                (np.array(['a'] * 3), "it has '<U1' of shape (3,)"),
                (np.zeros((H, W), [('a', 'f4')]), 'of shape (48, 64)'))):
            self.keep(f'bad{i}.npy', array)
            for option in '--matte-in', '--coarse':
                note, _ = self.run_backdrop('matte', 'photo.png', option, f'bad{i}.npy', '-o', 'm.png', status=4)
                self.assertIn(said, note)
        np.savez(self.at / 'several.npz', ramp)
        note, _ = self.run_backdrop('matte', 'photo.png', '--matte-in', 'several.npz', '-o', 'm.png', status=4)
        self.assertIn('several.npz: a .npz archive; give the .npy in it', note)

    def test_zero_and_one(self):
        self.keep('grey.png', self.half)
        self.keep('grey.bmp', self.half)
        self.keep('deep.png', self.half.astype(np.uint16))
        self.keep('bytes.npy', self.half)
        self.keep('words.npy', self.half.astype(np.uint16))
        save_indexed(self.at / 'green.png', self.half, [10, 200, 30, 200, 0, 10])
        for name in 'grey.png', 'grey.bmp', 'deep.png', 'bytes.npy', 'words.npy', 'green.png':
            self.is_half(name, f'{name} has only 0 and 1')
        with open(self.at / 'grey.png', 'rb') as file:
            said, _ = self.run_backdrop('matte', 'photo.png', '--matte-in', '-', '-o', 'm.png', lines=1, given=file)
        self.assertIn('standard input has only 0 and 1', said)

    def test_label_maps(self):
        save_indexed(self.at / 'person.png', self.half * 15)
        save_indexed(self.at / 'car.png', self.half * 7)  # its colours are all grey
        save_indexed(self.at / 'rider.png', self.half * 12)
        Image.open(self.at / 'person.png').convert('RGB').save(self.at / 'colours.png')
        self.is_half('person.png', 'is a label map: person is foreground')
        self.is_half('colours.png', 'is a label map: person is foreground')
        self.is_half('car.png', 'Car is foreground', '--class', 'Car')
        # Class 1 alone is no mask of 0 and 1, whether --class is written out or not.
        save_indexed(self.at / 'plane.png', self.half)
        self.is_half('plane.png', 'is a label map: aeroplane is foreground', '--class', 'aeroplane')
        for words in [], ['--class', 'person']:
            said, got = self.matte('plane.png', *words, lines=2)
            self.assertIn('plane.png is a label map without person; it has: aeroplane', said)
            self.assertTrue((got == 0).all())
        palette = sum((pascal_color(c) for c in (0, 15)), [])
        save_indexed(self.at / 'smaller.png', self.half, palette)  # as programs that save bytes write it
        self.is_half('smaller.png', 'is a label map: person is foreground')
        self.is_half('car.png', '7 is foreground', '--class', '7')
        self.is_half('rider.png', 'rider is foreground', '--class', 'rider', '--class-names', 'cityscapes')
        labels = self.half * 15
        labels[:8] = 12
        labels[20:22] = 255  # VOC's void
        save_indexed(self.at / 'several.png', labels)
        for wanted, classes in ('person', [15]), ('dog,15', [12, 15]), ('all', [12, 15]), ('12', [12]):
            got = self.matte('several.png', '--class', wanted, lines=1)[1]
            self.assertTrue((got == np.where(np.isin(labels, classes), 255, 0)).all(), wanted)
        said, got = self.matte('several.png', '--class', 'cat', lines=2)
        self.assertIn('several.png is a label map without cat; it has: person, dog', said)
        self.assertTrue((got == 0).all())
        self.refused('several.png', "no class 'tree'", '--class', 'tree')
        self.refused('several.png', 'give all or numbers', '--class', 'car', '--class-names', 'ade20k')
        save_indexed(self.at / 'small.png', labels[:10, :12])
        self.refused('small.png', "12x10; a matte has the photo's size, 64x48; segment --labels needs --photo-size")
        # As probabilities of the network's they may have any size.
        save_indexed(self.at / 'coarse.png', self.half[::3, ::2] * 15)
        self.run_backdrop('matte', 'photo.png', '--coarse', 'coarse.png', '--matte', 'soft', '-o', 'm.png', lines=1)
        got = read(self.at / 'm.png')
        self.assertTrue((got[:, :W // 2 - 2] == 0).all() and (got[:, W // 2 + 2:] == 255).all())

    def test_numbers_without_a_palette(self):
        labels = self.half * 15
        labels[:8] = 12
        self.keep('grey.png', labels)
        self.keep('grey.npy', labels)
        labels[20:22] = 255
        self.keep('void.png', labels)
        for name in 'grey.png', 'grey.npy', 'void.png':
            self.refused(name, f'{name}: its numbers are classes up to 15')

    def test_cut_outs(self):
        self.keep('cut.png', np.dstack([self.photo, self.half * 255]))
        self.keep('grey.png', np.dstack([self.half * 0 + 255, self.half * 255]))
        for name in 'cut.png', 'grey.png':
            self.is_half(name)
        soft = np.dstack([self.photo, np.repeat(np.arange(0, 4 * W, 4, np.uint8)[None], H, 0)])
        self.keep('soft.png', soft)
        self.assertTrue((self.matte('soft.png')[1] == soft[..., 3]).all())
        # What one run cuts out the next one takes.
        self.run_backdrop('photo.png', '--transparent', '--matte-in', 'half.png', '-o', 'made.png')
        self.is_half('made.png')

    def test_colours(self):
        self.refused('photo.png', 'photo.png: a coloured picture, no matte')
        red = np.zeros((H, W, 3), np.uint8)
        red[:, W // 2:, 0] = 255
        self.keep('red.png', red)
        self.refused('red.png', 'a coloured picture, no matte')
        tinted = np.clip(np.dstack([self.half * 240] * 3) + np.array([0, 5, 12]), 0, 255).astype(np.uint8)
        self.keep('tinted.png', tinted)
        got = self.matte('tinted.png')[1]
        self.assertTrue((got < 12).all(where=self.half == 0) and (got > 239).all(where=self.half == 1))

    def test_field(self):
        case = FIELD / '12-masks-of-indices'
        if not case.exists():
            self.skipTest('no field cases')
        for name in 'mask01.png', 'voc_labels.png':
            self.run_backdrop(case / 'in.png', '--matte-in', case / name, '--transparent', '-o', 'out.png', lines=1)
            self.assertTrue((read(self.at / 'out.png')[..., 3] == self.half * 255).all(), name)


if __name__ == '__main__':
    unittest.main()
