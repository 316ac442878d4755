# SPDX-License-Identifier: MIT
"""A user of samples/viewer.c at an X server: viewer_user.py BACKDROP VIEWER SAMPLES WORK

Presses keys, drags the mouse, drops files by XDND, and compares the window's pixels with what the command makes.
"""
import os
import subprocess
import sys
import time

import numpy as np
from PIL import Image
from Xlib import X, XK, Xatom, display
from Xlib.ext import xtest
from Xlib.protocol import event

PATIENCE = 60  # seconds
SIDE = 240
command, viewer, samples, work = sys.argv[1:]
x11 = display.Display()
root = x11.screen().root


def fail(text):
    sys.exit('FAILED: ' + text)


def path(name):
    return os.path.join(work, name)


def pixels(name):
    return np.asarray(Image.open(path(name)).convert('RGB'))


def backdrop(*arguments):
    subprocess.run([command, '-q', *arguments], cwd=work, check=True)
    return pixels(arguments[arguments.index('-o') + 1])


def atom(name):
    return x11.intern_atom(name)


class Window:
    def __init__(self):
        self.process = subprocess.Popen(
            [viewer, 'person.png', 'autumn.png'], cwd=work, stdout=open(path('said'), 'w'), stderr=subprocess.STDOUT,
            env=dict(os.environ, VK_INSTANCE_LAYERS='VK_LAYER_KHRONOS_validation',
                     VK_LAYER_ENABLES='VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT'))
        self.window = None
        self.wait('a window', self.appears)

    def appears(self):
        for window in root.query_tree().children:
            # Those that Vulkan and GLFW make for themselves are never shown.
            if window.get_attributes().map_state == X.IsViewable:
                self.window = window
        return self.window

    def wait(self, what, happened):
        end = time.monotonic() + PATIENCE
        while not happened():
            if self.process.poll() is not None:
                fail(f'{what}: the viewer has ended, and said: ' + open(path('said')).read())
            if time.monotonic() > end:
                fail(f'{what}: not within {PATIENCE} s; the title is {self.title()!r}')
            time.sleep(0.05)

    def title(self):
        return self.window.get_full_text_property(atom('_NET_WM_NAME')) if self.window else None

    def look(self):
        size = self.window.get_geometry()
        data = self.window.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xffffffff).data
        return np.asarray(Image.frombytes('RGB', (size.width, size.height), data, 'raw', 'BGRX'))

    def shows(self, what, left, right, line=SIDE // 2, tolerance=0):
        """Waits for one picture left of the line, and another right of it."""
        expected = np.concatenate([left[:, :line - 1], np.full_like(left[:, :2], 255), right[:, line + 1:]], 1)
        seen = None

        def same():
            nonlocal seen
            seen = self.look()
            if seen.shape != expected.shape:
                return False
            difference = np.abs(seen.astype(int) - expected)
            return difference.mean() <= tolerance and (tolerance > 0 or not difference.any())
        try:
            self.wait(what, same)
        except SystemExit:
            if seen is not None and seen.shape == expected.shape:
                difference = np.abs(seen.astype(int) - expected)
                print(f'{(difference > 0).any(2).sum()} pixels differ, by {difference.max()} at most')
            raise
        print(f'{what}: {self.title()}')

    def press(self, letter):
        code = x11.keysym_to_keycode(XK.string_to_keysym(letter))
        xtest.fake_input(x11, X.KeyPress, code)
        xtest.fake_input(x11, X.KeyRelease, code)
        x11.sync()

    def point(self, x):
        place = self.window.translate_coords(root, 0, 0)
        xtest.fake_input(x11, X.MotionNotify, x=x - place.x, y=SIDE // 2 - place.y)
        x11.sync()

    def drag_line(self, start, end):
        self.point(start)
        xtest.fake_input(x11, X.ButtonPress, 1)
        self.point(end)
        xtest.fake_input(x11, X.ButtonRelease, 1)
        x11.sync()

    def drop(self, name, x):
        """As a file manager does it: freedesktop.org's XDND, version 5."""
        source = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        source.set_selection_owner(atom('XdndSelection'), X.CurrentTime)
        self.point(x)
        at = self.window.translate_coords(root, 0, 0)

        def send(message, *data):
            self.window.send_event(event.ClientMessage(
                window=self.window, client_type=atom(message),
                data=(32, [source.id, *data, *[0] * (4 - len(data))])))
            x11.sync()
        send('XdndEnter', 5 << 24, atom('text/uri-list'))
        send('XdndPosition', 0, x - at.x << 16 | SIDE // 2 - at.y, X.CurrentTime, atom('XdndActionCopy'))
        done = False

        def finished():
            nonlocal done
            while x11.pending_events():
                got = x11.next_event()
                if got.type == X.ClientMessage and got.client_type == atom('XdndStatus'):
                    send('XdndDrop', 0, X.CurrentTime)
                elif got.type == X.SelectionRequest:
                    text = f'file://{path(name)}\r\n'.encode()
                    got.requestor.change_property(got.property, got.target, 8, text)
                    got.requestor.send_event(event.SelectionNotify(
                        time=got.time, requestor=got.requestor, selection=got.selection, target=got.target,
                        property=got.property))
                    x11.sync()
                elif got.type == X.ClientMessage and got.client_type == atom('XdndFinished'):
                    done = True
            return done
        self.wait(f'{name} is dropped', finished)
        source.destroy()

    def resize(self, side):
        self.window.configure(width=side, height=side)
        x11.sync()


def main():
    size = (SIDE, SIDE)
    person = Image.open(os.path.join(samples, 'person.jpg')).convert('RGB').resize(size)
    person.save(path('person.png'))
    person.transpose(Image.FLIP_LEFT_RIGHT).save(path('mirrored.png'))
    autumn = Image.open(os.path.join(samples, 'autumn.jpg')).convert('RGB').resize(size)
    autumn.save(path('autumn.png'))
    autumn.transpose(Image.FLIP_TOP_BOTTOM).save(path('flipped.png'))
    with open(path('broken.png'), 'w') as broken:
        broken.write('no picture')
    photo = pixels('person.png')
    mirrored = pixels('mirrored.png')
    composite = backdrop('person.png', 'autumn.png', '-o', 'composite.png')
    matte = backdrop('matte', 'person.png', '-o', 'matte.png')
    blurred = backdrop('person.png', '--blur', str(1 + SIDE / 64), '-o', 'blurred.png')
    best = backdrop('person.png', 'flipped.png', '--matte', 'best', '-o', 'best.png')
    last = backdrop('mirrored.png', 'flipped.png', '--matte', 'best', '-o', 'last.png')
    if (composite == photo).all() or not matte.any() or (best == composite).all():
        fail('the command made nothing to compare with')

    window = Window()
    window.shows('the composite', photo, composite)
    if ' ms, ' not in window.title():
        fail('no time in the title: ' + window.title())
    window.press('m')
    window.shows('the matte', photo, matte)
    window.drag_line(100, 180)
    window.shows('the line at the mouse', photo, matte, 180)
    window.press('m')
    window.press('r')
    window.shows('the composite again', photo, composite)
    window.press('b')
    window.shows('its own background, blurred', photo, blurred)
    window.drop('broken.png', 200)
    window.wait('a broken picture is told of', lambda: 'broken.png' in window.title())
    print('a broken picture:', window.title())
    window.shows('after a broken picture', photo, blurred)
    window.press('4')
    window.drop('flipped.png', 200)
    window.shows('another background and the best matte', photo, best)
    window.drop('mirrored.png', 40)
    window.shows('another photo', mirrored, last)
    window.press('s')
    window.wait('saved', lambda: os.path.exists(path('mirrored.backdrop.png')))
    if (pixels('mirrored.backdrop.png') != last).any():
        fail('what was saved is not what the command makes')
    # Larger, the same by Vulkan's linear filter and by PIL's.
    twice = [np.asarray(Image.fromarray(p).resize((2 * SIDE, 2 * SIDE), Image.BILINEAR)) for p in (mirrored, last)]
    window.resize(2 * SIDE)
    window.shows('a larger window', *twice, line=SIDE, tolerance=1)
    window.resize(SIDE)
    window.shows('a smaller window', mirrored, last)
    window.press('q')
    if window.process.wait(PATIENCE):
        fail(f'exit status {window.process.returncode}')
    said = open(path('said')).read().splitlines()
    if len(said) != 1 or 'broken.png' not in said[0]:
        fail('the viewer said: ' + '\n'.join(said))


main()
