#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seeds of readers' corpora (readers.h) to tests/fuzz/corpus: pictures of a few pixels in every form, by
Pillow (Debian's python3-pil) or by hand, colour profiles, EXIF, NumPy's arrays and a tuning file. The last byte of a
picture says how it is read, so that some get bytes behind their end."""
import io
import pathlib
import struct
import subprocess
import tempfile
import zlib

from PIL import Image, ImageCms

CORPUS = pathlib.Path(__file__).parent / "corpus"


def write(folder, name, data, *ways):
    (CORPUS / folder).mkdir(parents=True, exist_ok=True)
    for way in ways or (None,):
        end = b"" if way is None else bytes([way])
        (CORPUS / folder / (name if way is None else f"{way}-{name}")).write_bytes(data + end)


def picture(mode="RGB", size=(7, 5)):
    image = Image.new("RGB", size)
    image.putdata([(x * 36, y * 50, (x * y * 7) % 256) for y in range(size[1]) for x in range(size[0])])
    return image.convert(mode)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def frames(form, **options):
    first = picture("P" if form == "GIF" else "RGBA")
    rest = [first.transpose(Image.FLIP_LEFT_RIGHT), first.transpose(Image.FLIP_TOP_BOTTOM)]
    return saved(first, form, save_all=True, append_images=rest, duration=[40, 80, 120], loop=2, **options)


def exif(order, kind, value):
    """A TIFF block of one entry, the orientation."""
    mark = b"II" if order == "<" else b"MM"
    field = {1: "B3x", 3: "H2x", 4: "I"}[kind]
    return b"Exif\0\0" + mark + struct.pack(f"{order}HIHHHI{field}I", 42, 8, 1, 0x112, kind, 1, value, 0)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def deep_png(adam7):
    """RGBA of 16 bits; libpng's interlacing of 1x1 is one pass."""
    rows = b"\0" + struct.pack(">4H", 1000, 30000, 60000, 40000)
    header = struct.pack(">IIBBBBB", 1, 1, 16, 6, 0, 0, adam7)
    body = chunk(b"IHDR", header) + chunk(b"gAMA", struct.pack(">I", 100000))
    body += chunk(b"eXIf", exif(">", 3, 6)[6:]) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def camera_raw():
    """A preview of one pixel, and a sensor's picture below it."""
    def directory(*entries):
        fields = b"".join(struct.pack("<HHIHxx" if kind == 3 else "<HHII", tag, kind, 1, value)
                          for tag, kind, value in entries)
        return struct.pack("<H", len(entries)) + fields + bytes(4)

    preview = [(254, 4, 1), (256, 3, 1), (257, 3, 1), (258, 3, 8), (262, 3, 1), (273, 4, 4), (278, 3, 1), (279, 4, 1)]
    at = 8 + 2 + 12 * (len(preview) + 1) + 4
    below = directory((254, 4, 0), (256, 3, 40), (257, 3, 30), (262, 3, 32803))
    return b"II*\0" + struct.pack("<I", 8) + directory(*preview, (330, 4, at)) + below


def npy(kind, values, shape, version=1, order=False):
    text = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + values


def made_by_vips():
    """Forms that Pillow does not write (Debian's libvips-tools)."""
    with tempfile.TemporaryDirectory() as work:
        start, made = pathlib.Path(work, "start.png"), pathlib.Path(work, "made")
        for mode in ("RGB", "RGBA"):
            picture(mode, (16, 16)).save(start)
            for folder, save in (("heic", ["heifsave", "--compression=hevc"]), ("avif", ["heifsave", "--compression=av1"]),
                                 ("jxl", ["jxlsave", "--lossless"])):
                path = made.with_suffix("." + folder)
                subprocess.run(["vips", save[0], start, path, *save[1:]], check=True)
                write(f"picture_{folder}", f"{mode.lower()}.{folder}", path.read_bytes(), 0)
                if folder == "avif" and mode == "RGB":
                    write("picture_avif", "tracks.avif", path.read_bytes() + box(b"moov", b""), 0)


XMP = (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description tiff:Orientation='6'/></rdf:RDF></x:xmpmeta>")


def box(name, data):
    return struct.pack(">I", len(data) + 8) + name + data


def stored_brotli(data):
    """A window of 16 bits, one block as it is, and an empty last one (RFC 7932)."""
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\3"


def with_metadata():
    """Files of boxes, GIF, and animations that say more than pixels."""
    block = exif(">", 3, 6)
    tiff = block[6:]
    with tempfile.TemporaryDirectory() as work:
        start = pathlib.Path(work, "start.jpg")
        picture(size=(16, 16)).save(start, exif=block, xmp=XMP)
        for folder, save in (("heic", "hevc"), ("avif", "av1")):
            path = pathlib.Path(work, f"made.{folder}")
            subprocess.run(["vips", "heifsave", start, path, f"--compression={save}"], check=True)
            write(f"picture_{folder}", f"metadata.{folder}", path.read_bytes(), 0)
        bare = pathlib.Path(work, "bare.jxl")
        subprocess.run(["vips", "jxlsave", start, bare, "--lossless", "--strip"], check=True)
        codestream = bare.read_bytes()
    head = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    exif_box, xmp_box = b"\0\0\0\0" + tiff, XMP
    write("picture_jxl", "metadata.jxl",
          head + box(b"Exif", exif_box) + box(b"jxlc", codestream) + box(b"xml ", xmp_box), 0)
    write("picture_jxl", "deflated.jxl", head + box(b"brob", b"Exif" + stored_brotli(exif_box)) +
          box(b"jxlc", codestream) + box(b"brob", b"xml " + stored_brotli(xmp_box)), 0)
    plain = saved(picture(size=(16, 16)), "JPEG2000")
    uuids = (box(b"uuid", b"JpgTiffExif->JP2" + tiff) +
             box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP))
    write("picture_jpeg2000", "metadata.jp2", plain[:32] + uuids + plain[32:], 0)
    end = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    for name, plain in (("metadata.gif", saved(picture("P"), "GIF", comment=b"by hand")),
                        ("animated_metadata.gif", frames("GIF", comment=b"by hand"))):
        write("picture_gif", name, plain[:-1] + b"!\xff\x0bXMP DataXMP" + XMP + end + b";", 0)
    write("picture_png", "animated_metadata.png", frames("PNG", exif=block))
    write("picture_webp", "animated_metadata.webp", frames("WEBP", lossless=True, exif=block, xmp=XMP))


def main():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

    for mode in ("RGB", "L", "CMYK"):
        write("picture_jpeg", f"{mode.lower()}.jpg", saved(picture(mode), "JPEG", quality=60))
    write("picture_jpeg", "progressive.jpg",
          saved(picture(size=(19, 17)), "JPEG", quality=60, progressive=True, exif=exif("<", 3, 8)))
    write("picture_jpeg", "profile.jpg", saved(picture(), "JPEG", icc_profile=srgb))

    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        write("picture_png", f"{mode.lower()}.png", saved(picture(mode), "PNG"))
    write("picture_png", "grey.png", saved(picture("L"), "PNG"), 2, 3)
    write("picture_png", "deep.png", deep_png(0), 1)
    write("picture_png", "deep_interlaced.png", deep_png(1), 1, 2)
    write("picture_png", "profile.png", saved(picture(), "PNG", icc_profile=srgb))
    plain = saved(picture(), "PNG")
    write("picture_png", "cicp.png", plain[:33] + chunk(b"cICP", bytes((12, 13, 0, 1))) + plain[33:], 0)
    write("picture_png", "animated.png", frames("PNG"))

    for mode in ("RGB", "L", "P", "1"):
        write("picture_bmp", f"{mode.lower()}.bmp", saved(picture(mode), "BMP"))
    write("picture_gif", "still.gif", saved(picture("P"), "GIF"), 0, 2)
    write("picture_gif", "animated.gif", frames("GIF", disposal=2), 0)
    for mode in ("RGB", "RGBA", "L"):
        write("picture_tga", f"{mode.lower()}.tga", saved(picture(mode), "TGA"))
    write("picture_tga", "packed.tga", saved(picture(), "TGA", compression="tga_rle"))
    plain = saved(picture(), "TGA")
    write("picture_tga", "right_to_left.tga", plain[:17] + bytes((plain[17] | 16,)) + plain[18:])
    write("picture_pnm", "grey.pgm", saved(picture("L"), "PPM"))
    write("picture_pnm", "rgb.ppm", saved(picture(), "PPM"))
    write("picture_pnm", "text.pbm", b"P1\n# two\n2 2\n1 0\n0 1\n")
    write("picture_pnm", "deep.pgm", b"P5 2 1 65535\n\1\2\3\4", 2)
    write("picture_psd", "rgb.psd", b"8BPS" + struct.pack(">H6xHIIHHIIIH", 1, 3, 2, 2, 8, 3, 0, 0, 0, 0) + bytes(range(12)), 0)
    write("picture_psd", "packed.psd",
          b"8BPS" + struct.pack(">H6xHIIHHIIIH6H", 1, 3, 2, 2, 8, 3, 0, 0, 0, 1, *[3] * 6) + b"\1ab" * 6, 0)
    write("picture_hdr", "flat.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n" + bytes(range(120, 128)), 0)
    write("picture_webp", "lossy.webp", saved(picture(), "WEBP", quality=40, icc_profile=srgb), 0)
    write("picture_webp", "lossless.webp", saved(picture("RGBA"), "WEBP", lossless=True, exif=exif("<", 3, 6)), 0)
    write("picture_webp", "animated.webp", frames("WEBP", lossless=True))
    for mode in ("1", "L", "RGB", "CMYK", "I;16"):
        deep = Image.frombytes("I;16", (2, 2), bytes(range(8)))
        write("picture_tiff", f"{mode.replace(';', '')}.tif", saved(deep if mode == "I;16" else picture(mode), "TIFF"), 0)
    write("picture_tiff", "lzw.tif", saved(picture("RGBA"), "TIFF", compression="tiff_lzw"), 1)
    told = {0x10F: "MadeUp", 0x112: 6, 0x2BC: b"<x tiff:Orientation='6'/>", 0x83BB: b"\x1c\x02\x50\0\1N\0\0",
            0x8769: {0x9003: "2020:01:02 03:04:05", 0x927C: b"notes"}, 0x8825: {1: "N", 2: (48.5, 0.0, 0.0)}}
    for name, page in (("little", picture()), ("big", deep.convert("I;16B"))):
        write("picture_tiff", f"told_{name}.tif", saved(page, "TIFF", tiffinfo=told, dpi=(300, 300)), 0)
    write("picture_tiff", "jpeg.tif", saved(picture(size=(16, 16)), "TIFF", compression="jpeg"), 0)
    write("picture_tiff", "raw.tif", camera_raw(), 0)
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    write("picture_tiff", "lab.tif", saved(ImageCms.applyTransform(picture(), to_lab), "TIFF", tiffinfo={318: (0.3127, 0.329)}), 0)
    write("picture_jpeg2000", "rgb.jp2", saved(picture(size=(16, 16)), "JPEG2000"), 0)
    write("picture_jpeg2000", "grey.j2k", saved(picture("L", (16, 16)), "JPEG2000", no_jp2=True), 2)
    made_by_vips()
    with_metadata()

    write("profile", "srgb.icc", srgb)
    write("profile", "lab.icc", lab)
    curve = struct.pack(">4s4xIH2x", b"curv", 1, 0x1cd)
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    tags = struct.pack(">I4sII4sII", 2, b"kTRC", 156, len(curve), b"wtpt", 156 + len(curve), len(white))
    body = tags + curve + white
    head = struct.pack(">III4s4s4s12x4s4s24x3i48x", 128 + len(body), 0, 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp",
                       b"APPL", 63190, 65536, 54061)
    write("profile", "grey.icc", head + body)

    for order in "<>":
        for kind in (1, 3, 4):
            write("exif", f"{'little' if order == '<' else 'big'}_{kind}.exif", exif(order, kind, 6))
    write("npy", "f4.npy", npy("<f4", struct.pack("<2f", 0.25, 1), "(1, 2)"))
    write("npy", "f8.npy", npy("<f8", struct.pack("<2d", 0.25, 1), "(2, 1, 1)", version=2))
    write("npy", "u1.npy", npy("|u1", b"\0\xff", "(1, 2)"))
    write("npy", "u2.npy", npy("<u2", b"\0\0\xff\xff", "(2, 1)", version=3))
    write("npy", "f2_columns.npy", npy(">f2", struct.pack(">6e", 0, 0.25, 0.5, 0.75, 1, 0), "(1, 2, 3)", order=True))
    write("npy", "i8.npy", npy("<i8", struct.pack("<2q", -1, 255), "(2, 1)"))
    lines = ["fp32 conv 1x9x9x8 to 1x9x9x16 k3,3 s1,1 d1,1 p1,1\tconv_wide\t12.500", "network 0123\tfp16\t900.125",
             "again\ta\t1", "again\tb\t2", "nothing", "\t\t"]
    write("tuning", "lines.txt", ("backdrop tuning 1\n" + "\n".join(lines) + "\n").encode())
    write("tuning", "one.txt", b"backdrop tuning 1\nx\ty\t1")


if __name__ == "__main__":
    main()
