"""Real photos with a position in their metadata, in each of its hiding places."""

import io
import struct

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

GPS_IFD, EXIF_IFD = 0x8825, 0x8769
TAKEN = "2026:05:04 12:34:56"
LATITUDE = (IFDRational(40_123, 1_009), IFDRational(26_111, 1_013), IFDRational(46_777, 1_019))
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>40,26.7717N</exif:GPSLatitude></x:xmpmeta>"
MAKER_NOTE = b"MAKER NOTE at 40.44624 N"


def exif(orientation: int = 6) -> Image.Exif:
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010F] = "Camera of Somebody"
    told[0x0132] = TAKEN
    inner = told.get_ifd(EXIF_IFD)
    inner[0x9003] = TAKEN
    inner[0x9011] = "+02:00"
    inner[0x9291] = "123"
    inner[0x927C] = MAKER_NOTE
    place = told.get_ifd(GPS_IFD)
    place[1], place[2] = "N", LATITUDE
    place[3], place[4] = "W", LATITUDE
    place[29] = "2026:05:04"
    return told


def secrets(big_endian: bool | None = None) -> list[bytes]:
    """What may never leave: the position's numbers in both byte orders, and the texts that tell it."""
    numbers = [part for rational in LATITUDE for part in (rational.numerator, rational.denominator)]
    orders = [">", "<"] if big_endian is None else [">" if big_endian else "<"]
    return [*(struct.pack(f"{order}6I", *numbers) for order in orders), b"GPSLatitude", MAKER_NOTE, b"Somebody"]


def picture() -> Image.Image:
    return Image.radial_gradient("L").convert("RGB").resize((96, 64))


def jpeg(*, progressive: bool = False) -> bytes:
    out = io.BytesIO()
    picture().save(out, "JPEG", exif=exif(), xmp=XMP, comment=b"GPSLatitude 40", progressive=progressive, dpi=(72, 72))
    return out.getvalue()


def png() -> bytes:
    out = io.BytesIO()
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add_text("Comment", "GPSLatitude 40", zip=False)
    picture().save(out, "PNG", exif=exif(), pnginfo=texts)
    return out.getvalue()


def webp() -> bytes:
    out = io.BytesIO()
    picture().save(out, "WEBP", exif=exif().tobytes(), xmp=XMP)
    return out.getvalue()


def photo_of(kind: str) -> bytes:
    return {"jpeg": jpeg, "progressive": lambda: jpeg(progressive=True), "png": png, "webp": webp}[kind]()


KINDS = ("jpeg", "progressive", "png", "webp")
