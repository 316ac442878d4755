# SPDX-License-Identifier: MIT
"""python/backdrop.py: its structs are the headers', and its pictures are the command's.

Run by python_test.sh, with BACKDROP_SOURCE_DIR, BACKDROP_BUILD_DIR, BACKDROP_LIBRARY and, for the command and the
library, BACKDROP_WEIGHTS and XDG_CACHE_HOME.
"""
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

SOURCE, BUILD = Path(os.environ['BACKDROP_SOURCE_DIR']), Path(os.environ['BACKDROP_BUILD_DIR'])
sys.path.insert(0, str(SOURCE / 'python'))
import backdrop  # noqa: E402

PERSON, SCENE = (SOURCE / 'tools/samples' / name for name in ('person.jpg', 'autumn.jpg'))


def read(path):
    return np.asarray(Image.open(path))


def snippet(name):
    """A program of the manual: the indented lines behind <!-- name -->."""
    lines = (SOURCE / 'docs/embedding.md').read_text().split(f'<!-- {name} -->\n\n')[1].splitlines()
    length = next(i for i, line in enumerate(lines) if line and not line.startswith('    '))
    return '\n'.join(line[4:] for line in lines[:length]).strip('\n') + '\n'


class Interface(unittest.TestCase):
    """What the module says about the library, against tests/abi/baseline.txt, which abi_test holds to the headers."""

    def setUp(self):
        self.baseline = (SOURCE / 'tests/abi/baseline.txt').read_text().splitlines()

    def test_structs(self):
        made = {kind.__name__: kind for kind in vars(backdrop).values()
                if isinstance(kind, type) and issubclass(kind, ctypes.Structure)}
        self.assertEqual(len(made), 9)
        for name, kind in made.items():
            size, members = None, []
            for line in self.baseline:
                words = line.split()
                if words[:2] == ['struct', name] and words[2] == '=':
                    size = int(words[3])
                elif words[:2] == ['struct', name]:
                    members.append((words[2], int(words[4]), int(words[5])))
            here = [(member, getattr(kind, member).offset, getattr(kind, member).size) for member, _ in kind._fields_]
            self.assertEqual((name, ctypes.sizeof(kind), here), (name, size, members))
            if here[0][0] == 'struct_size':
                self.assertEqual(kind().struct_size, size)

    def test_enums(self):
        for enum, prefix, names in (('bd_format', 'FORMAT', backdrop._FORMATS), ('bd_fit', 'FIT', backdrop._FITS),
                                    ('bd_background', 'BACKGROUND', backdrop._BACKGROUNDS),
                                    ('bd_matte_mode', 'MATTE', backdrop._MATTES),
                                    ('bd_harmonize', 'HARMONIZE', backdrop._HARMONIZE)):
            here = sorted(f'enum {enum} BD_{prefix}_{name.upper()} = {number}' for number, name in enumerate(names))
            self.assertEqual(here, sorted(line for line in self.baseline if line.startswith(f'enum {enum} ')))
        self.assertIn(f'enum bd_map_size BD_MAP_PHOTO = {backdrop._MAP_PHOTO}', self.baseline)
        self.assertIn(f'enum bd_result BD_ERR_INVALID_ARGUMENT = {backdrop._INVALID_ARGUMENT}', self.baseline)


class Library(unittest.TestCase):
    """Which library is taken."""

    def said(self, module, **environment):
        """What `import backdrop` of a folder says, or the library that it took."""
        clean = {name: value for name, value in os.environ.items() if name != 'BACKDROP_LIBRARY'}
        run = subprocess.run([sys.executable, '-c', 'import backdrop; print(backdrop._lib._name)'], check=False,
                             env={**clean, 'PYTHONPATH': str(module), **environment}, capture_output=True, text=True)
        return (run.stdout + run.stderr).strip().splitlines()[-1]

    def test_places(self):
        library = os.environ['BACKDROP_LIBRARY']
        with tempfile.TemporaryDirectory() as work:
            installed, source = Path(work, 'prefix/share/backdrop/python'), Path(work, 'source/python')
            for module, beside in ((installed, Path(work, 'prefix/lib')), (source, Path(work, 'source/build'))):
                module.mkdir(parents=True)
                shutil.copy(SOURCE / 'python/backdrop.py', module)
                self.assertRegex(self.said(module), 'BACKDROP_LIBRARY may say where|^libbackdrop.so.0$')  # the system's
                beside.mkdir()
                (beside / 'libbackdrop.so.0').symlink_to(library)
                self.assertEqual(Path(self.said(module)).resolve(), Path(library).resolve())
                self.assertEqual(self.said(module, BACKDROP_LIBRARY=library), library)
            self.assertRegex(self.said(source, BACKDROP_LIBRARY=work + '/none.so'), 'ImportError: .*/none.so')

    def test_other_versions(self):
        with tempfile.TemporaryDirectory() as work:
            for text, version in (('int bd_version_number(void) { return 3000; }', '0.3'), ('int other;', '0.0'),
                                  ('int bd_version_number(void) { return 1002000; }', '1.2')):
                library = str(Path(work, 'libother.so'))
                subprocess.run(['cc', '-shared', '-fPIC', '-xc', '-', '-o', library], input=text, text=True, check=True)
                said = self.said(SOURCE / 'python', BACKDROP_LIBRARY=library)
                self.assertIn(f'libother.so is of version {version}, but', said)


class Pictures(unittest.TestCase):
    """What is made, against the command."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.photo, cls.scene, cls.kept = read(PERSON), read(SCENE), backdrop.Backdrop()

    @classmethod
    def tearDownClass(cls):
        cls.kept.close()
        cls.folder.cleanup()

    def command(self, *arguments):
        path = Path(self.folder.name, 'command.png')
        subprocess.run([BUILD / 'backdrop', *map(str, arguments), '-q', '-o', path], check=True)
        return read(path)

    def same(self, made, expected):
        self.assertEqual((made.shape, made.dtype), (expected.shape, expected.dtype))
        self.assertEqual(np.count_nonzero(made != expected), 0)

    def test_manual(self):
        tutorial, better = snippet('tutorial.py'), snippet('better.py')
        lines = tutorial.splitlines()
        self.assertEqual((len([line for line in lines if line]), len(better.splitlines())), (8, 3))
        imports = '\n'.join(line for line in lines if 'import' in line) + '\n'
        folder = Path(self.folder.name)
        shutil.copy(PERSON, folder / 'person.jpg')
        shutil.copy(SCENE, folder / 'scene.jpg')
        for program, arguments in ((tutorial, ['--classic']), (imports + better, [])):
            subprocess.run([sys.executable, '-c', program], cwd=folder, check=True,
                           env={**os.environ, 'PYTHONPATH': str(SOURCE / 'python')})
            self.same(read(folder / 'out.png'), self.command(PERSON, SCENE, *arguments))
            (folder / 'out.png').unlink()

    def test_options(self):
        for options, arguments in (
                ({}, ['--transparent']), ({'keep_hidden': True}, ['--transparent', '--keep-hidden']),
                ({'blur': 12}, ['--blur', 12]),
                ({'color': (9, 99, 199)}, ['--color', '#0963c7']),
                ({'color': (9, 99, 199, 128), 'classes': ['person', 9], 'grow': 2, 'feather': 3},
                 ['--color', '#0963c780', '--class', 'person,chair', '--grow', 2, '--feather', 3])):
            with self.subTest(options=options):
                self.same(self.kept.replace(self.photo, **options), self.command(PERSON, *arguments))
        for options, arguments in (
                ({'fit': 'contain'}, ['--fit', 'contain']),
                ({'fit': 'tile', 'matte': 'hard'}, ['--fit', 'tile', '--matte', 'hard']),
                ({'blur': 5, 'harmonize': 'full', 'light_wrap': 6},
                 ['--blur-background', 5, '--harmonize', 'full', '--light-wrap', 6])):
            with self.subTest(options=options):
                self.same(self.kept.replace(self.photo, self.scene, **options), self.command(PERSON, SCENE, *arguments))

    def test_mattes(self):
        for name in ('refine', 'best'):
            self.same(self.kept.matte(self.photo, matte=name), self.command('matte', PERSON, '--matte', name))

    def test_labels(self):
        path = Path(self.folder.name, 'labels.png')
        subprocess.run([BUILD / 'backdrop', 'segment', PERSON, '--photo-size', '--labels', path, '-q'], check=True)
        model = SOURCE / 'weights/cache/deeplabv3_mnv2_pascal/model.json'
        for which in ({}, {'model': 'deeplabv3_mnv2_pascal'}, {'model': model}):
            labels, names = backdrop.segment(self.photo, **which)
            self.same(labels, read(path))
            self.assertEqual((len(names), names[0], names[15]), (21, 'background', 'person'))

    def test_memory(self):
        """The same pixels, however they lie."""
        expected, photo, scene = self.kept.replace(self.photo, self.scene), self.photo, self.scene
        h, w = photo.shape[:2]
        wide = np.zeros((h, w + 9, 4), np.uint8)
        wide[:, 5:5 + w] = np.dstack([photo, np.full((h, w), 255, np.uint8)])
        rows, upside = wide[:, 5:5 + w], np.ascontiguousarray(wide[::-1, 5:5 + w])[::-1]
        mirrored = np.ascontiguousarray(wide[:, 5:5 + w][:, ::-1])[:, ::-1]
        for picture in (rows, upside, mirrored):
            seen = backdrop._picture(picture, False)
            self.assertEqual(seen.pixels == picture.ctypes.data, picture is not mirrored)
            made = self.kept.replace(picture, scene)
            self.same(made[..., :3], expected)
            self.assertTrue((made[..., 3] == 255).all())
        blue_first = [2, 1, 0, 3]
        self.same(self.kept.replace(photo[..., ::-1], scene[..., ::-1], bgr=True)[..., ::-1], expected)
        self.same(self.kept.replace(rows[..., blue_first].copy(), scene[..., ::-1], bgr=True)[..., 2::-1], expected)
        self.same(self.kept.matte(photo[..., ::-1], bgr=True), self.kept.matte(photo))
        self.same(self.kept.segment(photo[..., ::-1], bgr=True)[0], self.kept.segment(photo)[0])

    def test_deep(self):
        """16 bits: opaque pixels are the photo's, below the 8th bit, too."""
        deep = self.photo.astype(np.uint16) * 257 - (self.photo > 0) * np.uint16(99)
        made, alpha = self.kept.replace(deep, self.scene), self.kept.matte(deep)
        self.assertEqual((made.shape, made.dtype), (deep.shape, np.uint16))
        self.assertGreater(np.count_nonzero(alpha == 255), alpha.size // 10)
        self.same(made[alpha == 255], deep[alpha == 255])
        self.same(self.kept.replace(deep[..., ::-1], self.scene[..., ::-1], bgr=True)[..., ::-1], made)

    def test_failures(self):
        for call, code in ((lambda: backdrop.Backdrop(model='none such'), 'BD_ERR_INVALID_ARGUMENT'),
                           (lambda: backdrop.Backdrop(model='/none/such.onnx'), 'BD_ERR_FILE_NOT_FOUND'),
                           (lambda: backdrop.Backdrop(device='none such'), 'BD_ERR_NO_DEVICE'),
                           (lambda: self.kept.matte(np.zeros((0, 4, 3), np.uint8)), 'BD_ERR_INVALID_ARGUMENT')):
            with self.assertRaises(backdrop.Error) as raised:
                call()
            self.assertEqual(raised.exception.name, code)
            self.assertIn(f'enum bd_result {code} = {raised.exception.code}',
                          (SOURCE / 'tests/abi/baseline.txt').read_text().splitlines())
            self.assertGreater(len(raised.exception.message), 9)
        for wrong in ({'fit': 'none'}, {'matte': 'none'}, {'classes': 'none'}, {'classes': [21]}, {'color': (1, 2)},
                      {'color': (0, 0, 256)}):
            self.assertRaises(ValueError, self.kept.replace, self.photo, **wrong)
        for wrong in (self.photo[..., 0], self.photo / 255, self.photo.astype('>u2'), self.photo.tolist()):
            self.assertRaises(TypeError, self.kept.replace, wrong)

    def test_threads_and_end(self):
        with backdrop.Backdrop(cache=False) as own:
            made, threads = [], [threading.Thread(target=lambda: made.append(own.matte(self.photo))) for _ in range(2)]
            with own._lock:
                for thread in threads:
                    thread.start()
                threads[0].join(0.5)
                self.assertEqual(made, [])  # they wait
            for thread in threads:
                thread.join()
            self.assertEqual(len(made), 2)
            for one in made:
                self.same(one, self.kept.matte(self.photo))
        self.assertRaisesRegex(backdrop.Error, 'closed', own.matte, self.photo)
        own.close()


if __name__ == '__main__':
    unittest.main()
