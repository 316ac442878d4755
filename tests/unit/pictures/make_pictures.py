#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files beside it that image_stored_test.c reads: BMP, PSD and PAM by hand, JPEG XL and JPEG 2000 by cjxl and
opj_compress (libjxl-tools, libopenjp2-tools). HEIC and AVIF were made through libheif's own interface, lossless, since
no command of its writes orientations, premultiplied colours and chosen H.273 numbers. libheif 1.15 writes ispe with the
size after irot and imir, which libheif 1.19 refuses; in turned6 and turned7 it is the coded size and comes first, as in
ISO/IEC 23008-12, 6.5.3.

Every picture is 16x12: red and alpha grow from left to right, green downwards, blue both ways.
"""
import struct
import subprocess
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT = 16, 12
HERE = Path(__file__).resolve().parent


def pixel(x, y, most=255):
    return (x * most // (WIDTH - 1), y * most // (HEIGHT - 1), (x + y) * most // (WIDTH + HEIGHT - 2),
            x * most // (WIDTH - 1))


def every(most=255):
    return [pixel(x, y, most) for y in range(HEIGHT) for x in range(WIDTH)]


def row(y):
    return [pixel(x, y) for x in range(WIDTH)]


def bmp(name, header, palette, data):
    offset = 14 + len(header) + len(palette)
    size = offset + len(data)
    (HERE / name).write_bytes(struct.pack('<2sIII', b'BM', size, 0, offset) + header + palette + data)


def info_header(bits, compression, size=40, height=HEIGHT, colors=0):
    return struct.pack('<IiiHHIIiiII', size, WIDTH, height, 1, bits, compression, 0, 0, 0, colors, 0)


def make_bmps():
    # Strings of indices: an odd one among them, and a run at the end of each row.
    palette = b''.join(bytes((b, g, r, 0)) for r, g, b, _ in every())
    data = b''
    for y in reversed(range(HEIGHT)):
        first = y * WIDTH
        data += bytes((0, 5, *range(first, first + 5), 0, 0, 10, *range(first + 5, first + 15), 1, first + 15))
        data += b'\0\1' if y == 0 else b'\0\0'
    bmp('runs8.bmp', info_header(8, 1, colors=WIDTH * HEIGHT), palette, data)
    # Grey stripes two pixels wide: runs of two indices; the top row but its last four pixels is stepped over.
    gray = b''.join(bytes((i * 17, i * 17, i * 17, 0)) for i in range(16))
    data = b''
    for y in reversed(range(1, HEIGHT)):
        index = [(x // 2 + y) % 16 for x in range(WIDTH)]
        for x in range(0, 8, 2):
            data += bytes((2, index[x] << 4 | index[x + 1]))
        data += bytes((0, 8)) + bytes(index[x] << 4 | index[x + 1] for x in range(8, WIDTH, 2))
        data += b'\0\0'
    data += bytes((0, 2, 12, 0, 4, 6 << 4 | 7, 0, 1))
    bmp('runs4.bmp', info_header(4, 2), gray, data)
    padding = b'\0' * (-WIDTH * 3 % 4)
    rows = b''.join(b''.join(bytes((b, g, r)) for r, g, b, _ in row(y)) + padding for y in reversed(range(HEIGHT)))
    bmp('os2.bmp', struct.pack('<IHHHH', 12, WIDTH, HEIGHT, 1, 24), b'', rows)
    masks = struct.pack('<III', 0xf800, 0x7e0, 0x1f)
    rows = b''.join(b''.join(struct.pack('<H', r >> 3 << 11 | g >> 2 << 5 | b >> 3) for r, g, b, _ in row(y))
                    for y in range(HEIGHT))
    bmp('fields.bmp', info_header(16, 3, height=-HEIGHT), masks, rows)
    rows = b''.join(b''.join(bytes((b, g, r, a)) for r, g, b, a in row(y)) for y in reversed(range(HEIGHT)))
    header = info_header(32, 3, size=124) + struct.pack('<IIII', 0xff0000, 0xff00, 0xff, 0xff000000)
    bmp('alpha.bmp', header.ljust(124, b'\0'), b'', rows)
    bmp('unused.bmp', info_header(32, 0), b'', rows)


def packed(data):
    """PackBits: strings of at most 7 bytes, equal ones as runs, and a byte that does nothing."""
    out = b''
    while data:
        run = len(data) - len(data.lstrip(data[:1]))
        if run > 2:
            run = min(run, 128)
            out += bytes((257 - run, data[0]))
        else:
            run = min(7, len(data))
            out += bytes((run - 1,)) + data[:run]
        data = data[run:]
    return b'\x80' + out


def psd(name, planes, depth, mode, *, large=False, pack=False, layers=None):
    length = '>Q' if large else '>I'
    section = struct.pack(length, 2) + struct.pack('>h', layers) if layers is not None else b''
    data = struct.pack('>4sH6xHIIHH', b'8BPS', 2 if large else 1, len(planes), HEIGHT, WIDTH, depth, mode)
    data += struct.pack('>II', 0, 0) + struct.pack(length, len(section)) + section + struct.pack('>H', pack)
    rows = [b''.join(v.to_bytes(depth // 8, 'big') for v in plane[y * WIDTH:(y + 1) * WIDTH])
            for plane in planes for y in range(HEIGHT)]
    if pack:
        rows = [packed(one) for one in rows]
        data += b''.join(struct.pack('>I' if large else '>H', len(one)) for one in rows)
    (HERE / name).write_bytes(data + b''.join(rows))


def make_psds():
    planes = list(zip(*every()))
    deep = list(zip(*every(65535)))
    over_white = [[(v * a + 255 * (255 - a) + 127) // 255 for v, a in zip(plane, planes[3])] for plane in planes[:3]]
    psd('white.psd', over_white + [planes[3]], 8, 3, pack=True, layers=-1)
    psd('plain.psd', planes, 8, 3, layers=-1)
    psd('selection.psd', planes, 8, 3, pack=True, layers=1)
    psd('deep.psb', deep[:3], 16, 3, large=True, pack=True)
    psd('inks.psd', [*planes[:3], [255] * (WIDTH * HEIGHT)], 8, 4)


def make_pams():
    def pam(name, channels, most, kind):
        head = (f'P7\n# by hand\nWIDTH {WIDTH}\nHEIGHT {HEIGHT}\nDEPTH {channels}\nMAXVAL {most}\n'
                f'TUPLTYPE {kind}\nENDHDR\n')
        numbers = [v for p in every(most) for v in p[:channels]]
        (HERE / name).write_bytes(head.encode() + b''.join(v.to_bytes(1 if most < 256 else 2, 'big') for v in numbers))

    pam('alpha.pam', 4, 255, 'RGB_ALPHA')
    pam('deep.pam', 4, 65535, 'RGB_ALPHA')


def png(path, depth, channels):
    """Without a word on colours, which opj_compress would make linear."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    most = (1 << depth) - 1
    raw = b''.join(b'\0' + b''.join(v.to_bytes(depth // 8, 'big') for x in range(WIDTH)
                                    for v in pixel(x, y, most)[:channels]) for y in range(HEIGHT))
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', WIDTH, HEIGHT, depth,
                                                                      {3: 2, 4: 6}[channels], 0, 0, 0)) +
                     chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_by_tools():
    work = HERE / 'work.png'
    raw = HERE / 'work.yuv'
    png(work, 8, 4)
    run('cjxl', work, HERE / 'alpha.jxl', '-d', '0')
    run('opj_compress', '-i', work, '-o', HERE / 'alpha.jp2', '-n', '2')
    png(work, 16, 3)
    run('cjxl', work, HERE / 'deep.jxl', '-d', '0')
    run('opj_compress', '-i', work, '-o', HERE / 'deep.j2k', '-n', '2')
    # Luma grows to the right, chroma of half the size downwards and to the right.
    raw.write_bytes(bytes(x * 17 for _ in range(HEIGHT) for x in range(WIDTH)) +
                    bytes(y * 40 for y in range(HEIGHT // 2) for _ in range(WIDTH // 2)) +
                    bytes(x * 32 for _ in range(HEIGHT // 2) for x in range(WIDTH // 2)))
    run('opj_compress', '-i', raw, '-F', f'{WIDTH},{HEIGHT},3,8,u@1x1:2x2:2x2', '-o', HERE / 'chroma.jp2', '-n', '2',
        '-mct', '0')
    work.unlink()
    raw.unlink()


make_bmps()
make_psds()
make_pams()
if '--by-hand' not in sys.argv:
    make_by_tools()
