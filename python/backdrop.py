# SPDX-License-Identifier: MIT
"""Backdrop from Python: photos in numpy arrays, their backgrounds replaced by DeepLabv3 on any Vulkan device.

    out = backdrop.replace(photo, scene)

Arrays are (h, w, 3) or (h, w, 4), uint8 or uint16, RGB with straight alpha; with bgr=True BGR, as OpenCV has them.
Those of four channels whose pixels lie side by side are read where they are, whatever the stride of their rows.

The library, libbackdrop.so.0, is BACKDROP_LIBRARY of the environment, or else that of the prefix which this module is
installed in, of build/ in the source tree, or of the system's loader.
"""
from __future__ import annotations

import ctypes
import os
import threading
import weakref
from pathlib import Path

import numpy as np

__all__ = ['Backdrop', 'Error', 'matte', 'replace', 'segment']
_VERSION = (0, 2)
_INVALID_ARGUMENT, _MAP_PHOTO = 100, 1
_FORMATS = ('rgba8', 'gray8', 'gray16', 'rgba16', 'bgra8', 'rgbx8', 'bgrx8')
_BACKGROUNDS = ('picture', 'color', 'transparent', 'blur')
_FITS = ('cover', 'contain', 'stretch', 'tile')
_MATTES = ('refine', 'hard', 'soft', 'best')
_HARMONIZE = ('off', 'mean', 'full')
_TYPES = {'enum': ctypes.c_int, 'u32': ctypes.c_uint32, 'u64': ctypes.c_uint64, 'f32': ctypes.c_float,
          'bool': ctypes.c_bool, 'size': ctypes.c_size_t, 'stride': ctypes.c_ssize_t, 'text': ctypes.c_char_p,
          'pointer': ctypes.c_void_p, 'u8x3': ctypes.c_uint8 * 3, 'u8x4': ctypes.c_uint8 * 4,
          'u32x8': ctypes.c_uint32 * 8, 'u64x256': ctypes.c_uint64 * 256, 'f32x2': ctypes.c_float * 2,
          'f32x3': ctypes.c_float * 3,
          'char48': ctypes.c_char * 48, 'char500': ctypes.c_char * 500}


def _struct(name: str, members: str) -> type[ctypes.Structure]:
    """A struct of the library's headers from its members, 'type name name, type name'."""
    fields = [(member, _TYPES[kind]) for kind, *names in map(str.split, members.split(',')) for member in names]

    def begin(self, **values):
        super(made, self).__init__(**values)
        if fields[0][0] == 'struct_size':
            self.struct_size = ctypes.sizeof(self)
    made = type(name, (ctypes.Structure,), {'_fields_': fields, '__init__': begin})
    return made


_Failure = _struct('bd_error', 'enum code, char500 message')
_Image = _struct('bd_image', 'u32 width height, enum format, bool has_alpha, stride stride_bytes, '
                 'pointer pixels owner profile, size profile_bytes')
_TYPES['image'] = _Image
_EngineParams = _struct('bd_engine_params', 'size struct_size, pointer allocator log log_user, '
                        'text device cache_dir kernel_set, bool validation, pointer get_instance_proc_addr')
_ModelInfo = _struct('bd_model_info', 'size struct_size, text form, char48 backbone, u32x8 rates, '
                     'u32 input_width input_height logits_width logits_height output_stride class_count node_count, '
                     'u64 parameters multiply_adds arena_bytes weights_bytes tensors_bytes, '
                     'bool integers, text in_float, enum input_source, f32x3 input_mean input_deviation, '
                     'f32 input_low input_high, enum channels, text note')
_SessionParams = _struct('bd_session_params', 'size struct_size, pointer allocator progress progress_user, '
                         'enum precision, pointer sizes, u32 size_count, bool flip many, u64 memory_budget, '
                         'u32 in_flight, pointer done done_user, bool closer')
_MatteParams = _struct('bd_matte_params', 'size struct_size, u32x8 classes, enum mode, pointer coarse, '
                       'u32 coarse_width coarse_height, bool wide want_coarse, enum keep, u32 keep_x keep_y, '
                       'f32 island_share, bool fill_holes, f32 grow_px feather_px, pointer trimap, enum key, '
                       'u8x3 key_color, f32 key_tolerance key_softness key_spill, enum key_shadow, '
                       'bool key_with_network, enum rule, bool biased, f32 bias, u32 looks, f32 level_low level_high, '
                       'enum guide_blur')
_ReplaceParams = _struct('bd_replace_params', 'size struct_size, u32x8 classes, enum background fit, u8x4 color, '
                         'f32 blur_sigma_px, bool classic want_alpha ignore_alpha, pointer matte, '
                         'enum blend foreground, bool placed, f32x2 place, enum harmonize, f32 light_wrap_px, '
                         'bool keep_hidden')
_SegmentParams = _struct('bd_segment_params', 'size struct_size, enum map_size, bool want_logits want_photo_labels')
_Segmentation = _struct('bd_segmentation', 'size struct_size, image labels, u32 class_count, u64x256 pixels_of_class, '
                        'u32 logits_width logits_height, pointer logits owner, image photo_labels')


class Error(Exception):
    """What the library says of a failure: message, and code, a bd_result with its name."""

    def __init__(self, code: int, message: str):
        self.code, self.message, self.name = code, message, _lib.bd_result_name(code).decode()
        super().__init__(f'{message} ({self.name})')


def _load() -> ctypes.CDLL:
    here, file = Path(__file__).resolve().parent, 'libbackdrop.so.0'
    named = os.environ.get('BACKDROP_LIBRARY')
    found = [*sorted((here / '../../..').glob('lib*/' + file)), *here.glob('../build/' + file)]
    path = named or (os.path.normpath(found[0]) if found else file)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f'no library of Backdrop; BACKDROP_LIBRARY may say where it is: {error}') from None
    number = library.bd_version_number() if hasattr(library, 'bd_version_number') else 0
    if divmod(number // 1000, 1000) != _VERSION:
        raise ImportError(f'{path} is of version {number // 1000000}.{number // 1000 % 1000}, but {__file__} is for '
                          f'{_VERSION[0]}.{_VERSION[1]}')
    library.bd_result_name.restype = library.bd_model_class_name.restype = ctypes.c_char_p
    for name in ('bd_engine_destroy', 'bd_model_destroy', 'bd_session_destroy'):
        getattr(library, name).restype = None
    return library


_lib = _load()


def _call(name: str, *arguments) -> None:
    failure = _Failure()
    if getattr(_lib, name)(*arguments, ctypes.byref(failure)):
        raise Error(failure.code, failure.message.decode(errors='replace'))


def _choice(kind: str, name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        raise ValueError(f'{kind} is one of {", ".join(names)}, not {name!r}')
    return names.index(name)


def _around(array: np.ndarray, form: str, alpha: bool) -> _Image:
    image = _Image(width=array.shape[1], height=array.shape[0], format=_FORMATS.index(form), has_alpha=alpha,
                   stride_bytes=array.strides[0], pixels=array.ctypes.data)
    image.array = array  # lives as long
    return image


def _form(deep: bool, alpha: bool, bgr: bool) -> str:
    return 'rgba16' if deep else ('bgr' if bgr else 'rgb') + ('a8' if alpha else 'x8')


def _picture(array: np.ndarray, bgr: bool) -> _Image:
    """Around the array's own memory where the library can read that, else around a copy."""
    if not isinstance(array, np.ndarray) or array.dtype not in (np.uint8, np.uint16) or array.ndim != 3 or \
            array.shape[2] not in (3, 4):
        raise TypeError('a picture is an array (h, w, 3) or (h, w, 4) of uint8 or uint16')
    alpha, deep = array.shape[2] == 4, array.dtype == np.uint16
    if not alpha:
        padded = np.empty((*array.shape[:2], 4), array.dtype)
        padded[..., :3] = array
        array = padded
    if bgr and deep:
        array = array[..., [2, 1, 0, 3]]
    beside = (4 * array.itemsize, array.itemsize)
    if array.strides[1:] != beside or abs(array.strides[0]) < array.shape[1] * beside[0] or not array.flags.aligned:
        array = array.copy(order='C')
    return _around(array, _form(deep, alpha, bgr), alpha)


def _open_model(model: str | os.PathLike | None) -> ctypes.c_void_p:
    """By path, or by the name that `backdrop models` lists; None: the default."""
    opened = ctypes.c_void_p()
    _call('bd_weights_open_model', None, None if model is None else os.fsencode(model), None, ctypes.byref(opened))
    return opened


def _destroy(engine: ctypes.c_void_p, sessions: dict[bool, ctypes.c_void_p]) -> None:
    for session in sessions.values():
        _lib.bd_session_destroy(session)
    _lib.bd_engine_destroy(engine)


class Backdrop:
    """A model on a Vulkan device, kept for many photos; for one call at a time, others wait.

    model    name of an installed model, or path of any; None: the default
    device   its index, or a part of its name; None: the fastest
    cache    keeps compiled pipelines where the command keeps them, or in a folder of that name
    classes  names of what the model tells apart, by label
    """

    def __init__(self, model: str | os.PathLike | None = None, device: int | str | None = None,
                 cache: bool | str | os.PathLike = True):
        if cache is True:
            cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'backdrop'
        self._model, self._lock, self._engine, self._sessions = model, threading.Lock(), ctypes.c_void_p(), {}
        params = _EngineParams(device=None if device is None else str(device).encode(),
                               cache_dir=os.fsencode(cache) if cache else None)
        _call('bd_engine_create', ctypes.byref(params), ctypes.byref(self._engine))
        self._finish = weakref.finalize(self, _destroy, self._engine, self._sessions)
        self._session(closer=False)

    def _session(self, closer: bool) -> ctypes.c_void_p:
        """closer: with the network at twice its size, too, as the command's --matte best has it."""
        if not self._finish.alive:
            raise Error(_INVALID_ARGUMENT, 'this Backdrop is closed')
        if closer in self._sessions:
            return self._sessions[closer]
        session, info = ctypes.c_void_p(), _ModelInfo()
        model = _open_model(self._model)
        try:
            _lib.bd_model_get_info(model, ctypes.byref(info))
            self.classes = [_lib.bd_model_class_name(model, label).decode() for label in range(info.class_count)]
            params = _SessionParams(closer=closer)
            _call('bd_session_create', self._engine, model, ctypes.byref(params), ctypes.byref(session))
        finally:
            _lib.bd_model_destroy(model)
        self._sessions[closer] = session
        return session

    def close(self) -> None:
        """Gives the device back; also done by `with`, and when the object goes."""
        with self._lock:
            self._finish()

    def __enter__(self) -> Backdrop:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _matte_params(self, matte: str, classes, grow: float, feather: float) -> _MatteParams:
        params = _MatteParams(mode=_choice('matte', matte, _MATTES), grow_px=grow, feather_px=feather)
        for one in () if classes is None else [classes] if isinstance(classes, (str, int)) else classes:
            if one not in self.classes and one not in range(len(self.classes)):
                raise ValueError(f'no class {one!r}; there are {", ".join(self.classes)}')
            label = self.classes.index(one) if isinstance(one, str) else int(one)
            params.classes[label // 32] |= 1 << label % 32
        return params

    def replace(self, photo: np.ndarray, background: np.ndarray | None = None, *, color=None, blur: float | None = None,
                fit: str = 'cover', matte: str = 'refine', classes=None, grow: float = 0, feather: float = 0,
                harmonize: str = 'off', light_wrap: float = 0, keep_hidden: bool = False,
                bgr: bool = False) -> np.ndarray:
        """The photo with another background: a picture, a colour, its own one blurred, or by default none at all.

        background   of any size; fit: cover, contain, stretch or tile
        color        (r, g, b) or (r, g, b, a), 0..255, in that order; also of what contain leaves free
        blur         sigma in pixels of the photo: of the picture or, without one, of the photo's own background
        matte        refine, hard, soft or best
        classes      what stays: names or labels, one or several; None: the person
        grow, feather, harmonize, light_wrap   as the command's options
        keep_hidden  pixels whose alpha is 0 keep the photo's colours, or the background's; else they are 0
        returns      an array of the photo's size and type, of 3 channels where nothing in it can be transparent, else 4
        """
        masking = self._matte_params(matte, classes, grow, feather)
        kind = 'picture' if background is not None else 'color' if color is not None else \
            'blur' if blur is not None else 'transparent'
        paint = bytes((0, 0, 0) if color is None else color)
        if len(paint) not in (3, 4):
            raise ValueError('a colour is (r, g, b) or (r, g, b, a)')
        params = _ReplaceParams(background=_BACKGROUNDS.index(kind), fit=_choice('fit', fit, _FITS),
                                color=(*paint, 255)[:4], blur_sigma_px=blur or 0, matte=ctypes.addressof(masking),
                                harmonize=_choice('harmonize', harmonize, _HARMONIZE), light_wrap_px=light_wrap,
                                keep_hidden=keep_hidden)
        front = _picture(photo, bgr)
        back = None if background is None else _picture(background, bgr)
        alpha = front.has_alpha or kind == 'transparent' or len(paint) == 4 or (back is not None and back.has_alpha)
        made = np.empty((*photo.shape[:2], 4), photo.dtype)
        deep = photo.dtype == np.uint16
        result = _around(made, _form(deep, alpha, bgr), alpha)
        with self._lock:
            _call('bd_session_replace', self._session(closer=matte == 'best'), ctypes.byref(front),
                  None if back is None else ctypes.byref(back), ctypes.byref(params), ctypes.byref(result))
        if bgr and deep:
            made = made[..., [2, 1, 0, 3]]
        return made if alpha else np.ascontiguousarray(made[..., :3])

    def matte(self, photo: np.ndarray, *, matte: str = 'refine', classes=None, grow: float = 0, feather: float = 0,
              bgr: bool = False) -> np.ndarray:
        """How much of each pixel is foreground: (h, w) uint8, 0..255. Parameters as of replace."""
        params, front = self._matte_params(matte, classes, grow, feather), _picture(photo, bgr)
        made = np.empty(photo.shape[:2], np.uint8)
        result = _around(made, 'gray8', False)
        with self._lock:
            _call('bd_session_matte', self._session(closer=matte == 'best'), ctypes.byref(front), ctypes.byref(params),
                  ctypes.byref(result))
        return made

    def segment(self, photo: np.ndarray, *, bgr: bool = False) -> tuple[np.ndarray, list[str]]:
        """Each pixel's class: labels (h, w) uint8, and the names of classes, by label."""
        params, front = _SegmentParams(map_size=_MAP_PHOTO), _picture(photo, bgr)
        made = np.empty(photo.shape[:2], np.uint8)
        seen = _Segmentation(labels=_around(made, 'gray8', False))
        with self._lock:
            _call('bd_session_segment', self._session(closer=False), ctypes.byref(front), ctypes.byref(params),
                  ctypes.byref(seen))
        return made, list(self.classes)


_kept: dict = {}
_kept_lock = threading.Lock()


def _shared(model: str | os.PathLike | None) -> Backdrop:
    with _kept_lock:
        if model not in _kept:
            _kept[model] = Backdrop(model)
        return _kept[model]


def replace(photo: np.ndarray, background: np.ndarray | None = None, *, model=None, **options) -> np.ndarray:
    """Backdrop.replace of a Backdrop(model) that is kept until the program ends."""
    return _shared(model).replace(photo, background, **options)


def matte(photo: np.ndarray, *, model=None, **options) -> np.ndarray:
    """Backdrop.matte, likewise."""
    return _shared(model).matte(photo, **options)


def segment(photo: np.ndarray, *, model=None, **options) -> tuple[np.ndarray, list[str]]:
    """Backdrop.segment, likewise."""
    return _shared(model).segment(photo, **options)
