"""A HEIC photo as a phone takes it, and others made of it by hand.

Nothing that is installed encodes HEIC: the photo is drawn (four colours, no face, no camera) and was encoded once by
`pillow-heif` 1.4.0, which is in no lock of ours, with the metadata of `tests/unit/edge_devices/photos.py`:
`upright.transpose(ROTATE_90).save(out, "HEIF", exif=photos.exif(6).tobytes(), xmp=photos.XMP, quality=80)`.
"""

import base64
import struct

WIDTH, HEIGHT = 64, 32
UPRIGHT = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]
"""Its corners, row by row, each channel 0 or 1: red, green / blue, white."""
TAKEN = "2026-05-04T12:34:56+02:00"

PHOTO = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAhBtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "AEZpbG9jAAAAAERAAAMAAQAAAAACNAABAAAAAAAAAJYAAgAAAAACygABAAAAAAAAAWQAAwAAAAAELgABAAAAAAAAAGAAAABiaWlu"
    "ZgAAAAAAAwAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAACppbmZlAgAAAQADAABtaW1lAGFwcGxp"
    "Y2F0aW9uL3JkZit4bWwAAAAAAA5waXRtAAAAAAABAAABBWlwcnAAAADkaXBjbwAAAHZodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAA"
    "DwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAA"
    "AwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAACAAAAABAAAAQAAA"
    "AAH////gAAAAAgAAAAAAAAACAAAADnBpeGkAAAAAAQgAAAAJaXJvdAMAAAAZaXBtYQAAAAAAAAABAAEGgQIDBYSGAAAAKGlyZWYA"
    "AAAAAAAADmNkc2MAAgABAAEAAAAOY2RzYwADAAEAAQAAAmJtZGF0AAAAkigBrwT4QTJpL/wu////KQx//7/anv1frMtaX9QIWF/N"
    "LtONnWrihaE3jveBtZwIHSaa0e1DuABGqjQKTHmL+7i7nEP0qH3+Sp9XzDj2BkSS/wZvaKrFKP91e8h8j8tb993eWCH9khmJ97iL"
    "/z4yTd9ussJ19RsHjLMKB6LH84iMmcojsJBDa5isEqL79lhBvaH4AAAABkV4aWYAAE1NACoAAAAIAAUBDwACAAAAEwAAAEoBEgAD"
    "AAAAAQAGAAABMgACAAAAFAAAAF6HaQAEAAAAAQAAAHKIJQAEAAAAAQAAANwAAAAAQ2FtZXJhIG9mIFNvbWVib2R5AAAyMDI2OjA1"
    "OjA0IDEyOjM0OjU2AAAEkAMAAgAAABQAAACokBEAAgAAAAcAAAC8knwAAQAAABgAAADEkpEAAgAAAAQxMjMAAAAAADIwMjY6MDU6"
    "MDQgMTI6MzQ6NTYAKzAyOjAwAABNQUtFUiBOT1RFIGF0IDQwLjQ0NjI0IE4ABQABAAIAAAACTgAAAAACAAUAAAADAAABHgADAAIA"
    "AAACVwAAAAAEAAUAAAADAAABNgAdAAIAAAALAAABTgAAAAAAAJy7AAAD8QAAZf8AAAP1AAC2uQAAA/sAAJy7AAAD8QAAZf8AAAP1"
    "AAC2uQAAA/syMDI2OjA1OjA0AAA8eDp4bXBtZXRhIHhtbG5zOng9J2Fkb2JlOm5zOm1ldGEvJz48ZXhpZjpHUFNMYXRpdHVkZT40"
    "MCwyNi43NzE3TjwvZXhpZjpHUFNMYXRpdHVkZT48L3g6eG1wbWV0YT4="
)
"""1166 bytes: HEVC turned by `irot`, EXIF with orientation, times, GPS position and maker note, XMP with a position."""


def claiming(width: int, height: int, *, cropped: bool = True) -> bytes:
    """Return the photo with another size in its header (`ispe`, ISO/IEC 23008-12, section 6.5.3).

    `cropped`: it is still said to be cut to its own size afterwards (`clap`).
    """
    photo = PHOTO if cropped else PHOTO.replace(b"clap", b"free")
    at = photo.index(b"ispe") + 8
    return photo[:at] + struct.pack(">II", width, height) + photo[at + 8 :]


def crashing() -> bytes:
    """Return the photo with one damaged byte in its list of items, at which pi-heif 1.4.0 crashes."""
    return PHOTO[:194] + bytes([PHOTO[194] ^ 0xFF]) + PHOTO[195:]


def container(first: bytes, *others: bytes) -> bytes:
    """Return the beginning of an ISO file of these brands, and some bytes."""
    brands = first + bytes(4) + b"".join(others)
    return struct.pack(">I4s", 8 + len(brands), b"ftyp") + brands + bytes(64)
