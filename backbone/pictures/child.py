"""What is done with a foreign picture in a process of its own, which may crash or hang. Reads no file."""

import io
import resource
import struct

from PIL import Image, ImageOps

from backbone.pictures.heif import NO_DECODER, learn_heif
from backbone.pictures.kinds import HEIF, READ_KINDS, format_of, told_kind

MAX_PIXELS = 40_000_000
MAX_MEMORY_BYTES = 2 * 1024**3
MAX_CPU_SECONDS = 10
SIZE = struct.Struct(">II")
EXIT_REFUSED = 3


class RefusedPictureError(Exception):
    """The bytes are not a picture that is taken."""


def reencode(raw: bytes, *, max_side: int, quality: int) -> tuple[bytes, int, int]:
    """Return a clean JPEG (RGB, upright, no metadata) with its width and height in pixels.

    Raises:
        RefusedPictureError: the bytes are no picture that is read (see `kinds`), are over 40 megapixels, or broken.
    """
    kind = format_of(raw)
    if kind is None:
        raise RefusedPictureError(f"expected a {READ_KINDS} picture, got {told_kind(raw)}")
    if kind == HEIF and not learn_heif():
        raise RefusedPictureError(f"expected another picture, got {NO_DECODER}")
    try:
        with Image.open(io.BytesIO(raw), formats=[kind]) as image:
            upright = _upright(image)
    except (RefusedPictureError, MemoryError):
        raise
    except Exception as fault:  # noqa: BLE001 - decoders raise nearly anything on hostile bytes
        raise RefusedPictureError(f"expected a whole {kind} picture, got a broken one: {fault}") from None
    upright.thumbnail((max_side, max_side))
    upright.info = {}  # Pillow writes a foreign comment from here
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=quality)
    return out.getvalue(), upright.width, upright.height


def _upright(image: Image.Image) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        raise RefusedPictureError(f"expected at most 40 megapixels, got {image.width} x {image.height}")
    return ImageOps.exif_transpose(_as_rgb(image))


def _as_rgb(image: Image.Image) -> Image.Image:
    """Return the first picture of `image` in RGB; transparency shows white, 16 bits become 8."""
    exif = image.getexif()
    if image.mode.startswith("I"):
        rgb = image.point(lambda value: value / 257).convert("L").convert("RGB")
    elif image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        rgb = Image.new("RGB", layered.size, "white")
        rgb.paste(layered, mask=layered.getchannel("A"))
    else:
        rgb = image.convert("RGB")
    rgb.info["exif"] = exif.tobytes()
    return rgb


def limit_this_process() -> None:
    """Bound the memory and the time that decoding may take, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean(raw: bytes, max_side: int, quality: int) -> tuple[int, bytes]:
    """Return the exit code of the process and what it writes: size and clean JPEG, or why the picture is refused."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        jpeg, width, height = reencode(raw, max_side=max_side, quality=quality)
    except RefusedPictureError as fault:
        return EXIT_REFUSED, str(fault).encode()
    except MemoryError:
        return EXIT_REFUSED, b"expected a picture that fits into 2 GiB while it is decoded, got one that does not"
    return 0, SIZE.pack(width, height) + jpeg
