# SPDX-License-Identifier: MIT
"""Pictures as people's programs write them, of odd sizes, read by the library and compared with Pillow or libvips.

Run by made_test.sh, with BACKDROP_SOURCE_DIR, BACKDROP_BUILD_DIR and BACKDROP_LIBRARY; the argument is an empty folder.
Pillow, ImageMagick, libvips and exiftool make files, and a form that this build or one of them lacks is left out and
named. Prints a line for each picture that differs, then how many there were.
"""
import ctypes
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

sys.path.insert(0, os.environ['BACKDROP_SOURCE_DIR'] + '/python')
import backdrop  # noqa: E402

FOLDER = Path(sys.argv[1])
RGBA8, RGBA16 = 0, 3
LEAST = 200  # pictures, of a build that reads all forms
SIZES = [(61, 47), (1, 1), (17, 128), (200, 3), (97, 64), (33, 70), (128, 129), (5, 211)]


class ReadParams(ctypes.Structure):
    _fields_ = [('struct_size', ctypes.c_size_t), ('allocator', ctypes.c_void_p), ('ignore_orientation', ctypes.c_bool),
                ('max_pixels', ctypes.c_uint64), ('indices', ctypes.c_bool), ('gray16', ctypes.c_bool),
                ('log', ctypes.c_void_p), ('log_user', ctypes.c_void_p), ('keep_depth', ctypes.c_bool)]


class Form(ctypes.Structure):
    _fields_ = [('struct_size', ctypes.c_size_t), ('name', ctypes.c_char_p), ('endings', ctypes.c_char_p),
                ('library', ctypes.c_char_p), ('file', ctypes.c_int), ('reads', ctypes.c_bool)]


def forms_read():
    """The names of the forms that the library reads."""
    found = set()
    for i in range(backdrop._lib.bd_image_form_count()):
        form = Form(struct_size=ctypes.sizeof(Form))
        backdrop._lib.bd_image_form_at(i, ctypes.byref(form))
        found |= {form.name.decode()} if form.reads else set()
    return found


def ours(path, deep=False):
    """What the library makes of a file: (h, w, 4), uint8 or uint16."""
    image = backdrop._Image()
    params = ReadParams(struct_size=ctypes.sizeof(ReadParams), keep_depth=deep)
    backdrop._call('bd_image_read', str(path).encode(), ctypes.byref(params), ctypes.byref(image))
    kind = {RGBA8: ctypes.c_uint8, RGBA16: ctypes.c_uint16}[image.format]
    rows = (kind * (image.height * image.width * 4)).from_address(image.pixels)
    array = np.ctypeslib.as_array(rows).reshape(image.height, image.width, 4).copy()
    backdrop._lib.bd_image_finish(ctypes.byref(image))
    return array


# ---- what others make of it ----

def by_pillow(path):
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode == 'I;16' or image.mode == 'I':
            gray = np.asarray(image).astype(np.uint32)
            image = Image.fromarray(np.round(gray * 255 / 65535).astype(np.uint8))
        return np.asarray(image.convert('RGB').convert('RGBA') if image.mode == 'CMYK' else image.convert('RGBA'))


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout


def by_vips(path):
    """All bands as vips stores them, uint8 or uint16."""
    raw = FOLDER / 'raw'
    names = ('width', 'height', 'bands', 'format')
    fields = {name: run('vipsheader', '-f', name, path).decode().strip() for name in names}
    run('vips', 'rawsave', path, raw)
    kind = np.uint16 if 'ushort' in fields['format'].lower() else np.uint8
    array = np.fromfile(raw, kind).reshape(int(fields['height']), int(fields['width']), int(fields['bands']))
    full = np.full((*array.shape[:2], 1), np.iinfo(kind).max, kind)
    bands = {1: [array] * 3 + [full], 2: [array[..., :1]] * 3 + [array[..., 1:]], 3: [array, full], 4: [array]}
    return np.concatenate(bands[array.shape[2]], axis=2)


def narrowed(path):
    """The PNG of 16 bits that a picture was made of, in 8."""
    return np.round(by_vips(FOLDER / 'start.png') * (255 / 65535)).astype(np.uint8)


def by_vips_png(path):
    between = FOLDER / 'between.png'
    run('vips', 'copy', path, between)
    return by_pillow(between)


def by_vips_srgb(path):
    """L*a*b* of white D65, as libvips takes it, to sRGB."""
    between = FOLDER / 'between.png'
    run('vips', 'colourspace', path, between, 'srgb')
    return by_pillow(between)


def by_pillow_from_lab(path):
    """L*a*b* of white D50, which is ICC's, to sRGB by lcms2."""
    with Image.open(path) as image:
        lab, srgb = (ImageCms.createProfile(name) for name in ('LAB', 'sRGB'))
        flags = ImageCms.FLAGS['BLACKPOINTCOMPENSATION'] | ImageCms.FLAGS['NOTPRECALC']
        rgb = ImageCms.profileToProfile(image, lab, srgb, 1, 'RGB', flags=flags)  # relative colorimetric
        return np.asarray(rgb.convert('RGBA'))


# ---- pictures to write ----

def lab_source(size, path):
    """A TIFF of L*a*b* of 8 bits without the white point's tag, which ImageMagick writes."""
    picture(size, 'RGB').save(path)
    made = path.with_suffix('.tif')
    run('convert', path, '-colorspace', 'Lab', '-depth', '8', made)
    run('exiftool', '-q', '-overwrite_original', '-IFD0:WhitePoint=', made)
    made.rename(path)


def noise(size, channels=3, kind=np.uint8, seed=0):
    """A gradient with noise, so that no compression is trivial and none is hopeless."""
    width, height = size
    random = np.random.default_rng(width * 1000 + height + seed)
    y, x = np.mgrid[0:height, 0:width]
    top = np.iinfo(kind).max
    planes = [(x * (c + 2) * 3 + y * (5 - c)) % 256 / 255 * top for c in range(channels)]
    array = np.stack(planes, axis=2) + random.integers(0, max(top // 16, 1), (height, width, channels))
    return np.clip(array, 0, top).astype(kind)


def picture(size, mode, seed=0):
    channels = {'1': 1, 'L': 1, 'P': 3, 'LA': 2, 'RGB': 3, 'RGBA': 4, 'CMYK': 4, 'I;16': 1}[mode]
    if mode == 'I;16':
        return Image.fromarray(noise(size, 1, np.uint16, seed)[..., 0])
    array = noise(size, channels, seed=seed)
    if mode in ('1', 'L', 'LA') and channels == 1:
        return Image.fromarray(array[..., 0]).convert(mode)
    if mode == 'P':
        return Image.fromarray(array).quantize(200)
    return Image.fromarray(array, mode)


class Cases:
    def __init__(self):
        self.made, self.wrong, self.left_out, self.turn = 0, 0, {}, 0

    def size(self, smallest=1):
        """Another one each time."""
        while True:
            self.turn += 1
            found = SIZES[self.turn % len(SIZES)]
            if min(found) >= smallest:
                return found

    def leave_out(self, what, why):
        self.left_out.setdefault(str(why).splitlines()[-1] if str(why) else repr(why), []).append(what)

    def check(self, path, reference, tolerance=0, deep=False, opaque_only=False):
        """reference: a function of the path, or the pixels."""
        try:
            wanted = reference(path) if callable(reference) else reference
        except Exception as error:  # whatever the other reader cannot do
            self.leave_out(path.name, f'no reference: {error}')
            return
        self.made += 1
        try:
            found = ours(path, deep)
        except backdrop.Error as error:
            self.wrong += 1
            print(f'{path.name}: {error}')
            return
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            self.wrong += 1
            print(f'{path.name}: {found.shape} {found.dtype}, not {wanted.shape} {wanted.dtype}')
            return
        difference = np.abs(found.astype(np.int64) - wanted.astype(np.int64))
        if opaque_only:
            difference[..., :3] *= (wanted[..., 3:] > 0)
        if difference.max() > tolerance:
            self.wrong += 1
            at = np.unravel_index(difference.argmax(), difference.shape)[:2]
            print(f'{path.name}: differs by {difference.max()} of at most {tolerance}, in '
                  f'{int((difference.max(axis=2) > tolerance).sum())} pixels of {difference[..., 0].size}; at row '
                  f'{at[0]}, column {at[1]} {found[at]} instead of {wanted[at]}')

    def pillow(self, name, mode, reference=by_pillow, size=None, tolerance=0, deep=False, opaque_only=False, **options):
        """A file that Pillow writes."""
        size = size or self.size()
        path = FOLDER / f'{self.turn:03}-pillow-{name}'
        try:
            picture(size, mode).save(path, **options)
        except Exception as error:
            self.leave_out(path.name, error)
            return
        self.check(path, reference, tolerance, deep, opaque_only)

    def tool(self, name, command, mode='RGB', reference=by_pillow, size=None, tolerance=0, deep=False,
             opaque_only=False, source=None):
        """A file that a program makes of a PNG: 'IN' and 'OUT' in the command are the two."""
        size = size or self.size()
        path, start = FOLDER / f'{self.turn:03}-{command[0]}-{name}', FOLDER / 'start.png'
        if source is None:
            picture(size, mode).save(start)
        else:
            source(size, start)
        try:
            places = {'IN': str(start), 'OUT': str(path)}
            run(*[':'.join(places.get(part, part) for part in word.split(':')) for word in command])
        except Exception as error:
            said = getattr(error, 'stderr', b'') or b''
            self.leave_out(path.name, said.decode(errors='replace').strip() or error)
            return
        self.check(path, reference, tolerance, deep, opaque_only)


def deep_png(size, path, channels=3):
    """A PNG of 16 bits, whose writer Pillow lacks."""
    array = noise(size, channels, np.uint16)
    height, width = array.shape[:2]
    rows = b''.join(b'\0' + array[y].astype('>u2').tobytes() for y in range(height))

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 16, color, 0, 0, 0)) +
                     chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def deep_source(channels):
    return lambda size, path: deep_png(size, path, channels)


def exif_block(kind, value, order):
    """An EXIF block whose one entry is the orientation, as BYTE (1), SHORT (3) or LONG (4)."""
    packed = struct.pack(order + {1: 'B3x', 3: 'Hxx', 4: 'I'}[kind], value)
    head = (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order + 'I', 8)
    return b'Exif\0\0' + head + struct.pack(order + 'HHHI', 1, 0x112, kind, 1) + packed + struct.pack(order + 'I', 0)


def turned(array, value):
    """What EXIF's orientation says of stored pixels."""
    ways = {1: array, 2: array[:, ::-1], 3: array[::-1, ::-1], 4: array[::-1], 5: array.swapaxes(0, 1),
            6: np.rot90(array, -1), 7: np.rot90(array, 2).swapaxes(0, 1), 8: np.rot90(array, 1)}
    return np.ascontiguousarray(ways[value])


# ---- the cases ----

def png(cases):
    for mode in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'I;16'):
        cases.pillow(f'{mode.replace(";", "")}.png', mode)
    cases.pillow('transparent-color.png', 'RGB', transparency=(10, 20, 30))
    cases.pillow('bits.png', 'P', bits=8, optimize=True)
    for kind in ('png8', 'png24', 'png32', 'png48', 'png64', 'png00'):
        cases.tool(f'{kind}.png', ['convert', 'IN', f'{kind}:OUT'], 'RGBA' if kind in ('png32', 'png64') else 'RGB')
    for mode in ('L', 'RGB', 'RGBA', 'P'):
        cases.tool(f'adam7-{mode}.png', ['convert', 'IN', '-interlace', 'PNG', 'OUT'], mode)
    for channels in (1, 2, 3, 4):
        cases.tool(f'deep{channels}.png', ['convert', 'IN', '-interlace', 'PNG', '-depth', '16', 'OUT'], deep=True,
                   source=deep_source(channels), reference=by_vips, size=cases.size(2))
    for bits in (1, 2, 4):
        cases.tool(f'gray{bits}.png', ['convert', 'IN', '-depth', str(bits), 'OUT'], 'L')


def jpeg(cases):
    for mode in ('L', 'RGB', 'CMYK'):
        for progressive in (False, True):
            cases.pillow(f'{mode}-{progressive}.jpg', mode, quality=85, progressive=progressive)
    for subsampling in (0, 1, 2):
        cases.pillow(f'sub{subsampling}.jpg', 'RGB', subsampling=subsampling)
    cases.pillow('restart.jpeg', 'RGB', quality=40, optimize=True)
    cases.tool('arithmetic-free.jpg', ['convert', 'IN', '-sampling-factor', '1x2', '-quality', '80', 'OUT'])
    cases.tool('411.jpg', ['convert', 'IN', '-sampling-factor', '4x1', '-quality', '80', 'OUT'])
    cases.tool('rgb.jpg', ['convert', 'IN', '-colorspace', 'CMYK', '-quality', '90', 'OUT'])
    cases.tool('gray.jpe', ['convert', 'IN', '-colorspace', 'Gray', '-quality', '70', 'OUT'])
    cases.tool('vips.jfif', ['vips', 'jpegsave', 'IN', 'OUT'])
    for order in '<>':
        for kind in (1, 3, 4):
            for value in range(1, 9):
                path = FOLDER / f'orientation-{"le" if order == "<" else "be"}-{kind}-{value}.jpg'
                image = picture(cases.size(2), 'RGB')
                image.save(path, quality=90)
                stored = by_pillow(path)
                image.save(path, quality=90, exif=exif_block(kind, value, order))
                cases.check(path, turned(stored, value))
    for value in (3, 6, 8):
        path = FOLDER / f'exiftool-{value}.jpg'
        picture(cases.size(2), 'RGB').save(path)
        try:
            run('exiftool', '-q', '-overwrite_original', '-n', f'-Orientation={value}', path)
        except Exception as error:
            cases.leave_out(path.name, error)
            continue
        cases.check(path, by_pillow)


def webp(cases):
    for mode in ('RGB', 'RGBA'):
        for lossless in (True, False):
            for quality in (30, 90):
                cases.pillow(f'{mode}-{lossless}-{quality}.webp', mode, lossless=lossless, quality=quality, exact=True,
                             opaque_only=True)
    for method in (0, 6):
        cases.pillow(f'method{method}.webp', 'RGB', method=method, quality=60)
    cases.tool('magick.webp', ['convert', 'IN', '-quality', '70', 'OUT'])
    cases.tool('magick-lossless.webp', ['convert', 'IN', '-define', 'webp:lossless=true', 'OUT'], 'RGBA',
               opaque_only=True)
    cases.tool('cwebp.webp', ['cwebp', '-quiet', '-sharp_yuv', 'IN', '-o', 'OUT'])
    cases.tool('vips.webp', ['vips', 'webpsave', 'IN', 'OUT', '--Q', '50'], 'RGBA', opaque_only=True)
    path = FOLDER / 'webp-called.jpg'
    picture((40, 30), 'RGB').save(path, 'WEBP')
    cases.check(path, by_pillow)
    for value in (6, 3):
        path = FOLDER / f'turned{value}.webp'
        picture((40, 30), 'RGB').save(path, lossless=True, exif=exif_block(3, value, '>')[6:])
        cases.check(path, by_pillow)


def tiff(cases):
    for compression in ('raw', 'tiff_lzw', 'tiff_adobe_deflate', 'packbits'):
        for mode in ('L', 'RGB', 'RGBA', 'CMYK', 'P', '1', 'I;16'):
            cases.pillow(f'{compression}-{mode.replace(";", "")}.tif', mode, compression=compression)
    cases.pillow('jpeg.tif', 'RGB', compression='jpeg', tolerance=1, size=(64, 48))
    cases.pillow('group4.tif', '1', compression='group4', size=(61, 47))
    for compression in ('None', 'LZW', 'Zip', 'RLE'):
        for way in ('plane', 'contig'):
            cases.tool(f'{compression}-{way}.tiff', ['convert', 'IN', '-compress', compression, '-interlace',
                                                     'plane' if way == 'plane' else 'none', 'OUT'], 'RGB')
    cases.tool('msb.tiff', ['convert', 'IN', '-endian', 'MSB', 'OUT'])
    cases.tool('lsb.tiff', ['convert', 'IN', '-endian', 'LSB', 'OUT'], 'RGBA')
    cases.tool('minwhite.tiff', ['convert', 'IN', '-define', 'quantum:polarity=min-is-white', 'OUT'], 'L')
    orders = ('TopRight', 'BottomRight', 'BottomLeft', 'LeftTop', 'RightTop', 'RightBottom', 'LeftBottom')
    for value, order in enumerate(orders, 2):  # which Pillow does not turn
        cases.tool(f'{order}.tiff', ['convert', 'IN', '-orient', order, 'OUT'], size=cases.size(2),
                   reference=lambda path, value=value: turned(by_pillow(FOLDER / 'start.png'), value))
    for tile in (16, 64):
        cases.tool(f'tile{tile}.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--tile', '--tile-width', str(tile),
                                       '--tile-height', str(tile), '--compression', 'deflate'])
    cases.tool('tile-jpeg.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--tile', '--compression', 'jpeg'], tolerance=1,
               reference=by_vips_png, size=(128, 129))
    cases.tool('predictor.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--compression', 'lzw', '--predictor', 'horizontal'])
    cases.tool('bigtiff.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--bigtiff'], 'RGBA', reference=by_vips_png)
    cases.tool('premultiplied.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--premultiply'], 'RGBA', tolerance=2,
               reference=lambda path: by_pillow(FOLDER / 'start.png'), opaque_only=False, source=lambda size, path:
               Image.fromarray(np.concatenate([noise(size, 3), 200 + noise(size, 1) // 8], axis=2), 'RGBA').save(path))
    for channels in (1, 3, 4):
        cases.tool(f'deep{channels}.tif', ['vips', 'copy', 'IN', 'OUT'], deep=True, source=deep_source(channels),
                   reference=by_vips, size=cases.size(2))
        cases.tool(f'deep{channels}-lzw.tif', ['vips', 'tiffsave', 'IN', 'OUT', '--compression', 'lzw', '--predictor',
                                               'horizontal'], deep=True, source=deep_source(channels),
                   reference=by_vips, size=cases.size(2))
    cases.tool('lab8.tif', ['cp', 'IN', 'OUT'], size=(61, 47), tolerance=1,
               source=lab_source, reference=by_pillow_from_lab)
    cases.tool('lab16.tif', ['convert', 'IN', '-colorspace', 'Lab', '-depth', '16', 'OUT'], size=(61, 47), tolerance=1,
               reference=by_vips_srgb)


def heif(cases):
    for mode in ('RGB', 'RGBA'):
        for ending in ('heic', 'avif'):
            save = ['vips', 'heifsave', 'IN', 'OUT', '--compression', 'hevc' if ending == 'heic' else 'av1']
            cases.tool(f'vips-{mode}.{ending}', [*save, '--Q', '90'], mode, reference=by_vips_png, tolerance=1,
                       size=(96, 64), opaque_only=True)
            cases.tool(f'vips-lossless-{mode}.{ending}', [*save, '--lossless'], mode, reference=by_vips_png,
                       tolerance=1, size=(67, 43), opaque_only=True)
    for ending in ('heic', 'avif'):
        cases.tool(f'magick.{ending}', ['convert', 'IN', '-quality', '80', 'OUT'], reference=by_vips_png, tolerance=1,
                   size=(64, 96))
        cases.tool(f'magick-gray.{ending}', ['convert', 'IN', '-colorspace', 'Gray', '-quality', '80', 'OUT'],
                   reference=by_vips_png, tolerance=1, size=(64, 96))


def newer(cases):
    for mode in ('L', 'RGB', 'RGBA'):
        cases.pillow(f'{mode}.jp2', mode, size=cases.size(16))
        cases.pillow(f'{mode}-lossy.jp2', mode, size=cases.size(32), irreversible=True, quality_layers=[20],
                     tolerance=1)
    cases.pillow('raw.j2k', 'RGB', size=cases.size(16))
    cases.tool('tiles.jp2', ['convert', 'IN', '-define', 'jp2:rate=4', 'OUT'], size=(128, 129), tolerance=1)
    cases.tool('vips.jp2', ['vips', 'jp2ksave', 'IN', 'OUT', '--lossless'], size=(97, 64))
    for mode in ('RGB', 'RGBA'):
        cases.tool(f'{mode}.jxl', ['vips', 'jxlsave', 'IN', 'OUT', '--lossless'], mode, reference=by_vips_png)
        cases.tool(f'{mode}-lossy.jxl', ['vips', 'jxlsave', 'IN', 'OUT', '--Q', '80'], mode, reference=by_vips_png,
                   tolerance=2, opaque_only=True, size=(97, 64))


def older(cases):
    for mode in ('1', 'L', 'P', 'RGB'):
        cases.pillow(f'{mode}.bmp', mode)
    for kind in ('bmp', 'bmp2', 'bmp3'):
        for mode in ('L', 'P', 'RGB', 'RGBA'):
            cases.tool(f'{kind}-{mode}.bmp', ['convert', 'IN', f'{kind}:OUT'], mode, opaque_only=True)
    for colors in (2, 9, 16, 200):
        cases.tool(f'rle-{colors}.bmp', ['convert', 'IN', '-colors', str(colors), '-compress', 'RLE', 'bmp:OUT'])
    cases.tool('565.bmp', ['convert', 'IN', '-define', 'bmp:subtype=RGB565', 'bmp:OUT'], tolerance=4)
    for mode in ('L', 'P', 'RGB'):
        cases.pillow(f'{mode}.gif', mode)
    cases.tool('interlaced.gif', ['convert', 'IN', '-interlace', 'GIF', 'OUT'])
    for mode in ('L', 'RGB', 'RGBA', 'P'):
        for compression in (None, 'tga_rle'):
            cases.pillow(f'{mode}-{compression}.tga', mode, compression=compression)
    for mode, ending in (('1', 'pbm'), ('L', 'pgm'), ('RGB', 'ppm')):
        cases.pillow(f'{mode}.{ending}', mode)
        cases.tool(f'plain-{mode}.{ending}', ['convert', 'IN', '-compress', 'None', 'OUT'], mode)
    for mode in ('L', 'RGB', 'RGBA'):
        cases.tool(f'{mode}.pam', ['convert', 'IN', 'pam:OUT'], mode,
                   reference=lambda path: by_pillow(FOLDER / 'start.png'))
    cases.tool('deep.ppm', ['convert', 'IN', '-depth', '16', 'OUT'], source=deep_source(3), reference=narrowed)
    for mode in ('L', 'RGB', 'RGBA'):
        for compression in ('None', 'RLE'):
            cases.tool(f'{mode}-{compression}.psd', ['convert', 'IN', '-compress', compression, 'OUT'], mode,
                       reference=lambda path: by_pillow(FOLDER / 'start.png'), opaque_only=True, tolerance=1)
    cases.tool('cmyk.psd', ['convert', 'IN', '-colorspace', 'CMYK', 'OUT'], tolerance=2)
    cases.tool('deep.psd', ['convert', 'IN', '-depth', '16', 'OUT'], source=deep_source(3), tolerance=1,
               reference=narrowed)


def profiles(cases):
    """Numbers stay as they are stored, whatever the profile says: it goes along."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    reads = forms_read()
    for ending, form in {'png': 'PNG', 'jpg': 'JPEG', 'tif': 'TIFF', 'webp': 'WebP'}.items():
        if form in reads:
            cases.pillow(f'profile.{ending}', 'RGB', icc_profile=srgb)


def main():
    cases, reads = Cases(), forms_read()
    groups = {png: 'PNG', jpeg: 'JPEG', webp: 'WebP', tiff: 'TIFF', heif: 'HEIC', newer: 'JPEG 2000', older: 'PNM',
              profiles: 'PNG'}
    for group, form in groups.items():
        if form in reads:
            group(cases)
        else:
            cases.leave_out(group.__name__, f'this build does not read {form}')
    for why, what in cases.left_out.items():
        print(f'left out, {why}: {" ".join(what)}')
    print(f'{cases.made} pictures, {cases.wrong} wrong')
    few = cases.made < LEAST and all(form in reads for form in groups.values())
    if few:
        print(f'fewer than the {LEAST} that there are where all is installed')
    return 1 if cases.wrong or few else 0


sys.exit(main())
