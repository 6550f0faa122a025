"""Child process that decodes one foreign picture: a crash or a hang costs this process only. Reads no file."""

import io
import resource
import struct
import sys

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 40_000_000
MAX_MEMORY_BYTES = 2 * 1024**3
MAX_CPU_SECONDS = 10
SIZE = struct.Struct(">II")
EXIT_REFUSED = 3
FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"RIFF": "WEBP"}


class RefusedPictureError(Exception):
    """The bytes are not a picture that is taken."""


def reencode(raw: bytes, *, max_side: int, quality: int) -> tuple[bytes, int, int]:
    """Return a clean JPEG (RGB, upright, no metadata) with its width and height in pixels.

    Raises:
        RefusedPictureError: the bytes are no JPEG, PNG or WebP by their first bytes, are over 40 megapixels, or broken.
    """
    kind = next((kind for magic, kind in FORMATS.items() if raw.startswith(magic)), None)
    if kind is None:
        raise RefusedPictureError(f"expected a JPEG, PNG or WebP picture, got bytes that start with {raw[:8]!r}")
    try:
        with Image.open(io.BytesIO(raw), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise RefusedPictureError(f"expected at most 40 megapixels, got {image.width} x {image.height}")
            upright = ImageOps.exif_transpose(_as_rgb(image))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as fault:
        raise RefusedPictureError(f"expected a whole {kind} picture, got a broken one: {fault}") from None
    upright.thumbnail((max_side, max_side))
    upright.info = {}  # Pillow writes a foreign comment from here
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=quality)
    return out.getvalue(), upright.width, upright.height


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


def _limit_this_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read a picture from standard input, write its size and the clean JPEG to standard output."""
    _limit_this_process()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        jpeg, width, height = reencode(sys.stdin.buffer.read(), max_side=int(sys.argv[1]), quality=int(sys.argv[2]))
    except RefusedPictureError as fault:
        sys.stderr.write(str(fault))
        sys.exit(EXIT_REFUSED)
    except MemoryError:
        sys.stderr.write("expected a picture that fits into 2 GiB while it is decoded, got one that does not")
        sys.exit(EXIT_REFUSED)
    sys.stdout.buffer.write(SIZE.pack(width, height) + jpeg)


if __name__ == "__main__":
    main()
