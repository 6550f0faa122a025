"""Zips for tests: honest ones, and ones whose bytes were damaged at random or with a purpose."""

import io
import random
import struct
import zipfile

Content = list[tuple[str, bytes]]


def zip_of(files: Content, *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def streamed_zip_of(files: Content) -> bytes:
    """As a sender writes it that cannot seek: sizes come after the bytes."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece) -> int:
            self.written += piece
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return bytes(pipe.written)


def with_mode(name: str, mode: int, content: bytes = b"target") -> bytes:
    """A zip with one entry of a Unix mode, such as a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = mode << 16
        archive.writestr(info, content)
    return out.getvalue()


def patched(raw: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    """Return `raw` with a number set beside the last place of `signature`."""
    at = raw.rindex(signature) + offset
    made = bytearray(raw)
    struct.pack_into(form, made, at, value)
    return bytes(made)


NAMES = [
    "a.jpg",
    "folder/b.png",
    ".hidden",
    "c",
    "../up",
    "/root",
    "a\\b.jpg",
    "é.jpg",
    "folder/",
    "\uff0e\uff0e\uff0fx",
    "C:x",
]


def honest(draw: random.Random) -> bytes:
    files = [
        (name, draw.randbytes(draw.randint(0, 60)) * draw.choice((1, 1, 40)))
        for name in draw.sample(NAMES, draw.randint(0, 4))
    ]
    if draw.random() < 0.2:
        return streamed_zip_of(files)
    method = draw.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    return zip_of(files, method=method, comment=draw.choice((b"", b"told")))


def mutated(draw: random.Random) -> bytes:
    """Return a zip after none to four damages, half of them within its structures."""
    raw = bytearray(honest(draw))
    for _ in range(draw.randint(0, 4)):
        if not raw:
            break
        at = _place(raw, draw)
        how = draw.randrange(5)
        if how == 0:
            raw[at] ^= 1 << draw.randrange(8)
        elif how == 1:
            raw[at : at + 2] = draw.choice((b"\0\0", b"\xff\xff", b"\1\0", b"\x08\0", b"\x0c\0"))
        elif how == 2:
            raw[at : at + 4] = struct.pack("<L", draw.choice((0, 1, 46, 2**16, 2**31, 2**32 - 1, at, len(raw))))
        elif how == 3:
            del raw[at : at + draw.randint(1, 30)]
        else:
            raw[at:at] = raw[at : at + draw.randint(1, 60)]
    return bytes(raw)


def _place(raw: bytearray, draw: random.Random) -> int:
    signature = draw.choice((b"PK\1\2", b"PK\3\4", b"PK\5\6"))
    at = raw.rfind(signature)
    if at < 0 or draw.random() < 0.5:
        return draw.randrange(len(raw))
    return min(at + draw.randrange(46), len(raw) - 1)
