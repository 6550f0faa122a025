"""R8: mutated zips and pictures are read whole or refused; Python's own reader is the oracle for zips."""

import contextlib
import io
import random
import resource
import zipfile
import zlib
from pathlib import Path

from PIL import Image

from backbone.errors import BadInput
from backbone.pictures.child import RefusedPictureError, reencode
from backbone.zips import archives
from tests.zips import mutated

ZIPS = 10_000
PICTURES = 10_000
MOST_GROWN_KIB = 64 * 1024
# NotImplementedError is how zipfile refuses a method of compression that it does not know.
REFUSALS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def by_the_oracle(raw: bytes) -> list[bytes]:
    """Return what the oracle can read; hidden entries may be broken, nobody reads them."""
    contents = []
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for info in archive.infolist():
            with contextlib.suppress(*REFUSALS):
                contents.append(archive.read(info))
    return contents


def check_zip(raw: bytes) -> bool:
    """Return whether a zip was taken; what was taken is what the oracle reads too."""
    try:
        archive = archives.Archive(raw)
        archive.check()
        contents = [archive.read(entry) for entry in archive.entries]
    except BadInput:
        return False
    oracle = by_the_oracle(raw)
    for content in contents:
        oracle.remove(content)
    assert sum(map(len, contents)) <= archives.MAX_INFLATED_BYTES
    for entry in archive.entries:
        assert Path(entry.name).name == entry.name
        assert entry.name not in {".", ".."}
        assert entry.name.isprintable()
    return True


def check_zips(draw: random.Random, count: int) -> int:
    return sum(check_zip(mutated(draw)) for _ in range(count))


def pictures() -> list[bytes]:
    made = []
    for kind, more in (("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("JPEG", {"progressive": True})):
        out = io.BytesIO()
        Image.linear_gradient("L").resize((24, 20)).convert("RGB").save(out, kind, **more)
        made.append(out.getvalue())
    return made


def check_pictures(draw: random.Random, count: int) -> int:
    """Return how many of mutated pictures were taken; each is a small clean JPEG."""
    whole, taken = pictures(), 0
    for _ in range(count):
        raw = bytearray(draw.choice(whole))
        for _ in range(draw.randint(0, 3)):
            at = draw.randrange(len(raw))
            raw[at] = draw.choice((0, 255, raw[at] ^ (1 << draw.randrange(8))))
        if draw.random() < 0.2:
            del raw[draw.randrange(1, len(raw)) :]
        try:
            jpeg, width, height = reencode(bytes(raw), max_side=64, quality=80)
        except RefusedPictureError:
            continue
        assert jpeg.startswith(b"\xff\xd8\xff")
        assert max(width, height) <= 64
        taken += 1
    return taken


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_mutated_zips_are_read_as_the_oracle_reads_them_or_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = peak_kib()
    taken = check_zips(random.Random(8), ZIPS)
    assert ZIPS / 50 < taken < ZIPS
    assert peak_kib() - before < MOST_GROWN_KIB
    assert list(tmp_path.iterdir()) == []


def test_mutated_pictures_become_clean_ones_or_are_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000_000)
    assert PICTURES / 50 < check_pictures(random.Random(8), PICTURES) < PICTURES
