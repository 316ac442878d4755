# SPDX-License-Identifier: MIT
"""WebP and TIFF, as the library reads and writes them, against Pillow and against numbers that are put into files here.

Run by forms_test.sh, with BACKDROP_SOURCE_DIR, BACKDROP_LIBRARY and BACKDROP_SHARED_DIR, which need not be there.
"""
import ctypes
import io
import itertools
import os
import struct
import sys
import unittest
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

sys.path.insert(0, str(Path(os.environ['BACKDROP_SOURCE_DIR']) / 'python'))
import backdrop  # noqa: E402

LIBRARY = backdrop._lib
DATA = Path(os.environ.get('BACKDROP_SHARED_DIR', '/missing')) / 'data'
JPEG, WEBP, TIFF = 2, 3, 4
OK, INVALID_ARGUMENT, IMAGE_TOO_LARGE = 0, 100, 305
RELATIVE_COLORIMETRIC = 1

_LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
_Read = backdrop._struct('bd_image_read_params', 'size struct_size, pointer allocator, bool ignore_orientation, '
                         'u64 max_pixels, bool indices gray16, pointer log log_user, bool keep_depth')
_Form = backdrop._struct('bd_image_form', 'size struct_size, text name endings library, enum file, '
                         'bool reads writes alpha deep frames lossy lossless, u32 most_side')
_Write = backdrop._struct('bd_image_write_params', 'size struct_size, pointer allocator, enum file quality, '
                          'pointer palette, u32 palette_count, pointer metadata log log_user, bool lossless')


def forms():
    found = {}
    for index in range(LIBRARY.bd_image_form_count()):
        form = _Form()
        assert LIBRARY.bd_image_form_at(index, ctypes.byref(form)) == OK
        found[form.name.decode()] = form
    return found


FORMS = forms()


def decode(data, **options):
    """An array, (h, w, 4) or (h, w), its profile, and the notes that were made."""
    notes = []
    log = _LOG(lambda user, level, text: notes.append(text.decode()))
    params = _Read(log=ctypes.cast(log, ctypes.c_void_p), **options)
    image, failure = backdrop._Image(), backdrop._Failure()
    if LIBRARY.bd_image_decode(data, ctypes.c_size_t(len(data)), b'picture', ctypes.byref(params), ctypes.byref(image),
                               ctypes.byref(failure)):
        raise backdrop.Error(failure.code, failure.message.decode())
    form = backdrop._FORMATS[image.format]
    depth, channels = (2 if form.endswith('16') else 1), (1 if form.startswith('gray') else 4)
    rows = ctypes.string_at(image.pixels, image.stride_bytes * image.height)
    array = np.frombuffer(rows, np.uint8).reshape(image.height, image.stride_bytes)[:, :image.width * channels * depth]
    array = array.copy().view(np.uint16 if depth == 2 else np.uint8)
    array = array.reshape((image.height, image.width, 4) if channels == 4 else (image.height, image.width))
    if channels == 4 and not image.has_alpha:
        array[..., 3] = np.iinfo(array.dtype).max
    profile = ctypes.string_at(image.profile, image.profile_bytes) if image.profile else None
    LIBRARY.bd_image_finish(ctypes.byref(image))
    return array, profile, notes


def pixels(data, **options):
    return decode(data, **options)[0]


def encode(array, file, profile=None, **options):
    form = {2: {1: 'gray8', 2: 'gray16'}, 3: {1: 'rgba8', 2: 'rgba16'}}[array.ndim][array.itemsize]
    array = np.ascontiguousarray(array)
    image = backdrop._Image(width=array.shape[1], height=array.shape[0], format=backdrop._FORMATS.index(form),
                            has_alpha=array.ndim == 3 and array[..., -1].min() < np.iinfo(array.dtype).max,
                            stride_bytes=array.strides[0], pixels=array.ctypes.data)
    if profile:
        kept = ctypes.create_string_buffer(profile, len(profile))
        image.profile, image.profile_bytes = ctypes.addressof(kept), len(profile)
    params = _Write(file=file, **options)
    data, size, failure = ctypes.c_void_p(), ctypes.c_size_t(), backdrop._Failure()
    if LIBRARY.bd_image_encode(ctypes.byref(image), ctypes.byref(params), ctypes.byref(data), ctypes.byref(size),
                               ctypes.byref(failure)):
        raise backdrop.Error(failure.code, failure.message.decode())
    made = ctypes.string_at(data, size.value)
    LIBRARY.bd_release(None, data)
    return made


def saved(image, form, **options):
    to = io.BytesIO()
    image.save(to, form, **options)
    return to.getvalue()


def opened(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert('RGBA'))


def noise(*shape, most=255, seed=7):
    """Smooth enough for what loses, with no two channels alike."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:shape[0], :shape[1]]
    ramp = (rows * 3 + columns * 5)[..., None] * np.arange(1, (shape[2] if len(shape) > 2 else 1) + 1)
    made = (ramp * most // 400 + random.integers(0, most // 16 + 1, ramp.shape)) % (most + 1)
    return made.reshape(shape)


def turned(array, orientation):
    """What EXIF's orientation makes of stored pixels."""
    array = array[:, ::-1] if orientation in (2, 3, 7, 8) else array
    array = array[::-1] if orientation in (3, 4, 6, 7) else array
    if orientation < 5:
        return array
    # Rows and columns change places; those of 6 and 8 were turned the other way above.
    return {5: array, 6: array, 7: array, 8: array}[orientation].swapaxes(0, 1)


def tiff(samples, bits, photometric, *, order='<', big=False, tile=None, rows=None, planar=False, extra=(),
         sample_format=1, tags=(), deflate=False, orientation=None):
    """A file of one page; samples: (h, w, channels) numbers, or floats."""
    height, width, channels = samples.shape

    def packed(block):
        if sample_format == 3:
            return block.astype(f'{order}f{bits // 8}').tobytes()
        if bits in (8, 16, 32):
            return block.astype(f'{order}u{bits // 8}').tobytes()
        numbers = block.reshape(block.shape[0], -1).astype(np.uint32)
        digits = numbers[..., None] >> np.arange(bits - 1, -1, -1) & 1
        return np.packbits(digits.reshape(len(numbers), -1).astype(np.uint8), axis=1).tobytes()

    planes = [samples[..., c:c + 1] for c in range(channels)] if planar else [samples]
    blocks = []
    for plane in planes:
        if tile:
            for y, x in itertools.product(range(0, height, tile[1]), range(0, width, tile[0])):
                block = plane[y:y + tile[1], x:x + tile[0]]
                whole = np.zeros((tile[1], tile[0], plane.shape[2]), block.dtype)
                whole[:block.shape[0], :block.shape[1]] = block
                blocks.append(packed(whole))
        else:
            blocks += [packed(plane[y:y + (rows or height)]) for y in range(0, height, rows or height)]
    if deflate:
        blocks = [zlib.compress(block) for block in blocks]
    data = struct.pack(order + ('2sHHHQ' if big else '2sHI'), b'II' if order == '<' else b'MM',
                       *((43, 8, 0, 0) if big else (42, 0)))
    offsets = []
    for block in blocks:
        offsets.append(len(data))
        data += block + b'\0' * (len(block) % 2)
    entries = {256: ('I', [width]), 257: ('I', [height]), 258: ('H', [bits] * channels),
               259: ('H', [8 if deflate else 1]),
               262: ('H', [photometric]), 277: ('H', [channels]), 284: ('H', [2 if planar else 1]),
               339: ('H', [sample_format] * channels)}
    if extra:
        entries[338] = ('H', list(extra))
    if orientation:
        entries[274] = ('H', [orientation])
    lengths = [len(block) for block in blocks]
    if tile:
        entries |= {322: ('I', [tile[0]]), 323: ('I', [tile[1]]), 324: ('I', offsets), 325: ('I', lengths)}
    else:
        entries |= {278: ('I', [rows or height]), 273: ('I', offsets), 279: ('I', lengths)}
    entries |= dict(tags)
    kinds = {'B': 1, 'H': 3, 'I': 4, 'U': 7}
    room, count, field = (8, 'Q', 'HHQ') if big else (4, 'H', 'HHI')
    directory = b''
    for tag, (kind, values) in sorted(entries.items()):
        value = bytes(values) if kind == 'U' else struct.pack(order + kind * len(values), *values)
        if len(value) > room:
            at = len(data)
            data += value + b'\0' * (len(value) % 2)
            value = struct.pack(order + ('Q' if big else 'I'), at)
        directory += struct.pack(order + field, tag, kinds[kind], len(values)) + value.ljust(room, b'\0')
    at = len(data)
    data += struct.pack(order + count, len(entries)) + directory + b'\0' * room
    return data[:8 if big else 4] + struct.pack(order + ('Q' if big else 'I'), at) + data[16 if big else 8:]


def scaled(numbers, most, new_most):
    return (numbers.astype(np.uint64) * new_most + most // 2) // most


def rgba(numbers, most):
    """(h, w, 1 to 4) to four channels."""
    channels = numbers.shape[2]
    colors = np.repeat(numbers[..., :1], 3, axis=2) if channels < 3 else numbers[..., :3]
    alpha = numbers[..., -1:] if channels in (2, 4) else np.full_like(numbers[..., :1], most)
    return np.concatenate([colors, alpha], axis=2)


def reads(name):
    return unittest.skipUnless(FORMS[name].reads, f'this build does not read {name}')


class Case(unittest.TestCase):
    def same(self, got, wanted, most=0, what=''):
        self.assertEqual(got.shape, wanted.shape, what)
        difference = np.abs(got.astype(np.int64) - wanted.astype(np.int64)).max()
        self.assertLessEqual(difference, most, what)


@reads('TIFF')
class Tiff(Case):
    def test_counts(self):
        """Every number of bits, order of bytes and layout."""
        layouts = [{}, {'rows': 5}, {'tile': (16, 32)}, {'planar': True}, {'planar': True, 'tile': (16, 16)},
                   {'deflate': True, 'rows': 7}, {'big': True, 'tile': (32, 16)}]
        tried = 0
        for bits, channels, order in itertools.product((1, 2, 4, 6, 8, 10, 12, 14, 16, 32), (1, 2, 3, 4), '<>'):
            most = 2**bits - 1
            numbers = noise(37, 45, channels, most=most)
            extra = (2,) if channels in (2, 4) else ()
            wanted = rgba(numbers, most)
            for layout in layouts:
                what = f'{bits} bits, {channels} channels, {order}, {layout}'
                file = tiff(numbers, bits, 1 if channels < 3 else 2, order=order, extra=extra, **layout)
                self.same(pixels(file), scaled(scaled(wanted, most, 65535) if bits == 32 else wanted,
                                               65535 if bits == 32 else most, 255), 1 if bits == 32 else 0, what)
                deep = pixels(file, keep_depth=True)
                self.assertEqual(deep.dtype, np.uint16 if bits > 8 else np.uint8, what)
                self.same(deep, scaled(wanted, most, 65535 if bits > 8 else 255), 0, what)
                tried += 1
        self.assertEqual(tried, 560)

    def test_white_is_zero(self):
        for bits in (1, 4, 8, 16):
            numbers = noise(9, 21, 1, most=2**bits - 1)
            file = tiff(numbers, bits, 0)
            self.same(pixels(file), scaled(rgba(2**bits - 1 - numbers, 2**bits - 1), 2**bits - 1, 255))

    def test_floats(self):
        for bits, channels, order in itertools.product((16, 32, 64), (1, 3), '<>'):
            numbers = noise(13, 17, channels) / 250 - 0.01
            numbers[0, 0, 0] = np.nan
            file = tiff(numbers, bits, 1 if channels < 3 else 2, order=order, sample_format=3)
            wanted = np.clip(np.nan_to_num(numbers.astype(f'f{bits // 8}').astype(float)), 0, 1)
            self.same(pixels(file), np.floor(rgba(wanted, 1) * 255 + 0.5), 0, f'{bits} {channels} {order}')
            self.same(pixels(file, keep_depth=True), np.floor(rgba(wanted, 1) * 65535 + 0.5))

    def test_palettes(self):
        for bits, wide in itertools.product((1, 2, 4, 8), (256, 257, 1)):
            colors = np.random.default_rng(bits).integers(0, 256, (3, 2**bits))
            colors[0, 0] = 255
            numbers = noise(19, 11, 1, most=2**bits - 1)
            file = tiff(numbers, bits, 3, tags={320: ('H', list((colors * wide).ravel()))})
            self.same(pixels(file)[..., :3], colors[:, numbers[..., 0]].transpose(1, 2, 0), 0, f'{bits} {wide}')

    def test_alpha(self):
        """Multiplied colours are divided; channels without a meaning are none, but where the tag is missing."""
        for bits in (8, 16):
            most = 2**bits - 1
            straight = noise(15, 33, 4, most=most)
            straight[0, :5, 3] = 0
            alpha = straight[..., 3:]
            multiplied = straight.copy()
            multiplied[..., :3] = (straight[..., :3] * alpha + most // 2) // most
            wanted = straight.copy()
            some = alpha[..., 0] > 0
            wanted[some, :3] = np.minimum((multiplied[some, :3] * most + alpha[some] // 2) // alpha[some], most)
            wanted[~some, :3] = 0
            got = pixels(tiff(multiplied, bits, 2, extra=(1,)), keep_depth=True)
            self.same(got[some], wanted[some])
            self.assertTrue((got[~some, 3] == 0).all())
            self.same(pixels(tiff(straight, bits, 2, extra=(2,)), keep_depth=True), straight)
            self.same(pixels(tiff(straight, bits, 2), keep_depth=True), straight)
            self.same(pixels(tiff(straight, bits, 2, extra=(0,)), keep_depth=True), rgba(straight[..., :3], most))
            more = np.concatenate([noise(15, 33, 3, most=most), noise(15, 33, 2, most=most, seed=3)], axis=2)
            got = pixels(tiff(more, bits, 2, extra=(0, 2)), keep_depth=True)
            self.same(got, more[..., [0, 1, 2, 4]])

    def test_orientations(self):
        numbers = noise(12, 20, 3)
        for orientation, bits in itertools.product(range(1, 9), (8, 16)):
            file = tiff(numbers, bits, 2, orientation=orientation)
            wanted = rgba(numbers, 2**bits - 1)
            self.same(pixels(file, keep_depth=True), turned(wanted, orientation), 0, orientation)
            self.same(pixels(file, keep_depth=True, ignore_orientation=True), wanted)

    def test_luminance(self):
        gray = noise(14, 10, 1, most=65535)
        self.same(pixels(tiff(gray, 16, 1), gray16=True), gray[..., 0])
        self.same(pixels(tiff(gray >> 8, 8, 1), gray16=True), (gray[..., 0] >> 8) * 257)
        colors = noise(14, 10, 3, most=65535)
        self.same(pixels(tiff(colors, 16, 2), gray16=True), colors @ [0.2126, 0.7152, 0.0722], 2)

    def test_inks(self):
        inks = noise(30, 40, 4)
        pillow = Image.fromarray(inks.astype(np.uint8), 'CMYK')
        self.same(pixels(tiff(inks, 8, 5)), np.asarray(pillow.convert('RGBA')))
        self.same(pixels(tiff(inks, 8, 5, planar=True)), np.asarray(pillow.convert('RGBA')))
        deep = pixels(tiff(inks * 257, 16, 5), keep_depth=True)
        self.assertEqual(deep.dtype, np.uint16)
        self.same(deep, np.asarray(pillow.convert('RGBA')).astype(int) * 257, 257)

    def test_lab(self):
        """Against lcms2 by way of Pillow, whose colours are signed as CIE's."""
        lab = noise(24, 36, 3)
        lab[..., 1:] = (lab[..., 1:] // 3 + 90) % 256 ^ 128
        pillow = Image.frombytes('LAB', (36, 24), lab.astype(np.uint8).tobytes())
        change = ImageCms.buildTransform(ImageCms.createProfile('LAB'), ImageCms.createProfile('sRGB'), 'LAB', 'RGB',
                                         RELATIVE_COLORIMETRIC, 0x2100)  # black points meet, no grid of colours
        wanted = np.asarray(ImageCms.applyTransform(pillow, change))
        cie = pixels(tiff(lab, 8, 8))
        self.same(cie[..., :3], wanted, 1)
        self.same(pixels(tiff(lab ^ [0, 128, 128], 8, 9)), cie)
        wide = lab * 256
        wide[..., 0] = lab[..., 0] * 257
        deep = pixels(tiff(wide, 16, 8), keep_depth=True)
        self.assertEqual(deep.dtype, np.uint16)
        self.same((deep + 128.0) // 257, cie, 1)
        self.same(pixels(tiff(wide, 16, 8)), cie, 1)
        self.same(pixels(tiff((lab ^ [0, 128, 128]) * 256, 16, 9)), cie, 1)

    def test_compressions(self):
        """As Pillow writes them, by libtiff."""
        random = np.random.default_rng(5)
        photo = Image.fromarray(noise(70, 90, 3).astype(np.uint8))
        bilevel = Image.fromarray(random.integers(0, 2, (70, 90)).astype(bool))
        tried = 0
        for name in ('raw', 'packbits', 'tiff_lzw', 'tiff_deflate', 'tiff_adobe_deflate', 'lzma', 'zstd', 'webp',
                     'jpeg', 'group3', 'group4', 'tiff_ccitt'):
            for image in (photo, photo.convert('L'), photo.convert('RGBA'), bilevel, photo.convert('CMYK'),
                          photo.convert('P')):
                try:
                    file = saved(image, 'TIFF', compression=name)
                    wanted = opened(file)
                except (OSError, ValueError, RuntimeError, SystemError):
                    continue  # what this Pillow cannot write or read
                try:
                    self.same(pixels(file), wanted, 0, f'{name} {image.mode}')
                except backdrop.Error as error:
                    self.fail(f'{name} {image.mode}: {error}')
                tried += 1
        self.assertGreaterEqual(tried, 24)

    def test_profiles(self):
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
        _, profile, notes = decode(tiff(noise(8, 8, 3), 8, 2, tags={34675: ('U', srgb)}))
        self.assertEqual((profile, notes), (srgb, []))
        _, profile, notes = decode(tiff(noise(8, 8, 3), 8, 2, tags={34675: ('U', srgb[:200])}))
        self.assertIsNone(profile)
        self.assertEqual(len(notes), 1)

    def test_pages(self):
        first, second = (Image.fromarray(noise(9, 12, 3, seed=seed).astype(np.uint8)) for seed in (1, 2))
        got, _, notes = decode(saved(first, 'TIFF', save_all=True, append_images=[second]))
        self.same(got[..., :3], np.asarray(first))
        self.assertEqual(len(notes), 1)
        self.assertIn('several pages', notes[0])

    def test_refused(self):
        for what, file in (('too many bits', tiff(noise(4, 4, 1), 16, 3, tags={320: ('H', [0] * 3 * 65536)})),
                           ('signed', tiff(noise(4, 4, 1), 8, 1, sample_format=2)),
                           ('a raw photo', tiff(noise(4, 4, 1), 8, 32803)),
                           ('no such compression', tiff(noise(4, 4, 1), 8, 1, tags={259: ('H', [33003])}))):
            with self.assertRaises(backdrop.Error, msg=what) as caught:
                pixels(file)
            self.assertIn('TIFF', str(caught.exception), what)
        with self.assertRaises(backdrop.Error):
            pixels(tiff(noise(40, 40, 3), 8, 2), max_pixels=1599)
        for width, height in ((65520, 65520), (1 << 20, 1 << 20)):  # tiles that nothing needs
            tags = {322: ('I', [width]), 323: ('I', [height])}
            with self.assertRaises(backdrop.Error):
                pixels(tiff(noise(40, 40, 3), 8, 2, tile=(16, 16), tags=tags))

    def test_truncated(self):
        files = [tiff(noise(20, 20, 3), 8, 2, rows=6),
                 tiff(noise(20, 20, 3), 16, 2, tile=(16, 16), deflate=True, big=True)]
        photo = Image.fromarray(noise(20, 20, 3).astype(np.uint8))
        files += [saved(photo, 'TIFF', compression=name) for name in ('tiff_lzw', 'packbits', 'jpeg')]
        for file in files:
            for length in range(len(file)):
                try:
                    got = pixels(file[:length])
                except backdrop.Error as error:
                    self.assertNotIn('\n', str(error))
                else:  # the last byte may be of no use
                    self.same(got, pixels(file), 0, length)
                    self.assertGreater(length, len(file) - 16)

    def test_written(self):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
        for kind, most in ((np.uint8, 255), (np.uint16, 65535)):
            for opaque in (False, True):
                array = noise(300, 41, 4, most=most).astype(kind)
                array[..., 3] |= most if opaque else 0
                file = encode(array, TIFF, profile)
                got, kept, _ = decode(file, keep_depth=True)
                self.same(got, array)
                self.assertEqual((kept, got.dtype), (profile, array.dtype))
                if kind == np.uint8:
                    pillow = Image.open(io.BytesIO(file))
                    self.assertEqual(pillow.mode, 'RGB' if opaque else 'RGBA')
                    self.same(np.asarray(pillow.convert('RGBA')), array)
                    self.assertEqual(pillow.info['icc_profile'], profile)
            gray = noise(33, 1111, most=most).astype(kind)
            file = encode(gray, TIFF)
            self.same(np.asarray(Image.open(io.BytesIO(file))), gray)
            self.same(pixels(file, gray16=True), gray.astype(int) * (65535 // most))


@reads('WebP')
class WebP(Case):
    def test_read(self):
        random = np.random.default_rng(3)
        for width, height, mode in itertools.product((1, 17, 64), (1, 30, 65), ('RGB', 'RGBA')):
            image = Image.fromarray(random.integers(0, 256, (height, width, len(mode))).astype(np.uint8))
            for options in ({'quality': 30}, {'quality': 95, 'method': 0}, {'lossless': True},
                            {'lossless': True, 'exact': True}):
                file = saved(image, 'WEBP', **options)
                self.same(pixels(file), opened(file), 0, f'{width} {height} {mode} {options}')

    def test_orientation_and_profile(self):
        image = Image.fromarray(noise(12, 20, 3).astype(np.uint8))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
        for orientation, prefix in itertools.product(range(1, 9), (b'', b'Exif\0\0')):
            exif = Image.Exif()
            exif[274] = orientation
            block = prefix + exif.tobytes()[6:]
            got, profile, _ = decode(saved(image, 'WEBP', lossless=True, exif=block, icc_profile=srgb))
            self.same(got, turned(rgba(np.asarray(image), 255), orientation), 0, orientation)
            self.assertEqual(profile, srgb)

    def test_animation(self):
        frames = [Image.fromarray(noise(24, 16, 4, seed=seed).astype(np.uint8)) for seed in (1, 2)]
        file = saved(frames[0], 'WEBP', save_all=True, append_images=frames[1:], lossless=True, exact=True)
        self.same(pixels(file), opened(file))

    def test_truncated(self):
        image = Image.fromarray(noise(12, 20, 4).astype(np.uint8))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
        for options in ({}, {'lossless': True}, {'icc_profile': srgb}, {'exif': b'Exif\0\0' + bytes(90)}):
            file = saved(image, 'WEBP', **options)
            opened_at = 0
            for length in range(len(file)):
                try:
                    got, _, notes = decode(file[:length])
                except backdrop.Error as error:
                    self.assertNotIn('\n', str(error))
                else:
                    self.same(got, pixels(file), 0, length)
                    self.assertEqual(len(notes), 1)
                    self.assertIn('end is missing', notes[0])
                    opened_at += 1
            self.assertEqual(opened_at > 50, 'exif' in options)

    def test_refused(self):
        with self.assertRaises(backdrop.Error):
            pixels(saved(Image.new('RGB', (40, 40)), 'WEBP'), max_pixels=1599)
        for array, options, code in ((np.zeros((2, 16384, 4), np.uint8), {}, IMAGE_TOO_LARGE),
                                     (np.zeros((2, 2, 4), np.uint16), {}, INVALID_ARGUMENT),
                                     (np.zeros((2, 2, 4), np.uint8), {'quality': 101}, INVALID_ARGUMENT)):
            with self.assertRaises(backdrop.Error) as caught:
                encode(array, WEBP, **options)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(backdrop.Error):
            encode(np.zeros((2, 2, 4), np.uint8), JPEG, lossless=True)

    def test_written(self):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
        array = noise(61, 47, 4).astype(np.uint8)
        array[:5, :, 3] = 0
        file = encode(array, WEBP, profile, lossless=True)
        got, kept, _ = decode(file)
        self.same(got, array)
        self.assertEqual(kept, profile)
        self.same(opened(file), array)
        gray = noise(61, 47).astype(np.uint8)
        self.same(pixels(encode(gray, WEBP, lossless=True)), rgba(gray[..., None], 255))
        smooth = np.full((61, 47, 4), 255, np.uint8)
        smooth[..., :3] = np.mgrid[:61, :47].transpose(1, 2, 0)[..., [0, 1, 0]] * 3
        sizes = []
        for quality in (10, 0, 100):
            file = encode(smooth, WEBP, quality=quality)
            sizes.append(len(file))
            self.same(pixels(file), smooth, 40 if quality == 10 else 12, quality)
        self.assertEqual(sizes, sorted(sizes))


class Field(Case):
    def test_field(self):
        folder = DATA / 'field/01-modern-formats'
        if not folder.is_dir():
            self.skipTest('../shared is not there')
        wanted = opened((folder / 'expected.png').read_bytes())
        for name, form in (('in.webp', 'WebP'), ('webp_called.jpg', 'WebP'), ('in.tif', 'TIFF')):
            if FORMS[form].reads:
                self.same(pixels((folder / name).read_bytes()), wanted, 0, name)

    def test_missing(self):
        """What a build lacks is said."""
        for name, magic in (('WebP', b'RIFF\0\0\0\0WEBPVP8 '), ('TIFF', b'II*\0\0\0\0\0')):
            with self.assertRaises(backdrop.Error) as caught:
                pixels(magic)
            self.assertIn(name, str(caught.exception))
            if not FORMS[name].reads:
                self.assertIn(FORMS[name].library.decode(), str(caught.exception))


if __name__ == '__main__':
    unittest.main()
