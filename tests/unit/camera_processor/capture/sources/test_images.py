"""A folder of pictures is played by name; what is hostile is refused, counted and told."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from backbone.errors import BadInput, NotFound
from camera_processor.capture.sources.images import play_images, read_image
from camera_processor.capture.sources.pace import Stage
from camera_processor.capture.sources.table import parse_source


def picture(width=6, height=4, colour=(250, 10, 10), mode="RGB"):
    return Image.new("RGB", (width, height), colour).convert(mode)


def encoded(image, kind="PNG", **options):
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def lying_png(width, height):
    """A PNG that claims a size and has no pixels behind it."""

    def chunk(name, body):
        return struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_known_by_its_bytes_not_its_name(tmp_path, kind):
    path = tmp_path / "holiday.txt"
    path.write_bytes(encoded(picture(), kind))
    image = read_image(path)
    assert image.shape == (4, 6, 3)
    assert image.dtype == np.uint8
    assert abs(image.mean(axis=(0, 1)) - (250, 10, 10)).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(tmp_path, orientation):
    upright = np.zeros((4, 6, 3), np.uint8)
    upright[0, 0] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif))
    assert np.array_equal(read_image(path), upright)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    path = tmp_path / "a"
    path.write_bytes(encoded(picture(mode=mode), "JPEG" if mode == "CMYK" else "PNG"))
    assert read_image(path).shape == (4, 6, 3)


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    grey = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.fromarray(grey)))
    assert np.array_equal(read_image(path)[..., 0], (grey >> 8).astype(np.uint8))


def test_of_an_animation_the_first_picture_is_taken(tmp_path):
    path = tmp_path / "a.webp"
    path.write_bytes(encoded(picture(), "WEBP", save_all=True, append_images=[picture(colour=(0, 0, 250))] * 3))
    assert read_image(path)[0, 0, 0] > 200


HOSTILE = {
    "bomb.png": lying_png(50_000, 50_000),
    "just_over.png": lying_png(8_000, 5_001),
    "empty.jpg": b"",
    "truncated.jpg": encoded(picture(400, 300), "JPEG")[:-400],
    "truncated.png": encoded(picture(400, 300))[:60],
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "page.jpg": b"<html><script>alert(1)</script></html>",
    "moving.gif": encoded(picture(), "GIF"),
    "photo.bmp": encoded(picture(), "BMP"),
    "scan.tiff": encoded(picture(), "TIFF"),
    "garbage.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(range(256)),
    "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(BadInput, match="expected"):
        read_image(path)


def test_a_pipe_or_a_device_in_the_folder_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(BadInput, match="expected a plain file"):
        read_image(tmp_path / "pipe.jpg")


def play(folder, query=""):
    clock = [0.0]
    stage = Stage(monotonic=lambda: clock[0], wall=lambda: 1e9, sleep=lambda s: clock.__setitem__(0, clock[0] + s))
    return play_images(parse_source(f"images:{folder}{query}"), stage), stage


def test_the_sound_pictures_between_hostile_ones_are_played_in_the_order_of_their_names(tmp_path, capsys):
    for name, content in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".hidden.png").write_bytes(encoded(picture()))
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nothing")
    for number, width in enumerate([30, 10, 20]):
        (tmp_path / f"{number}.png").write_bytes(encoded(picture(width, 5)))
    pictures, stage = play(tmp_path)
    assert [shown.image.shape[1] for shown in pictures] == [30, 10, 20]
    assert stage.refused == len(HOSTILE) + 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == stage.refused
    assert any("bomb.png" in line and "at most 40000000 pixels" in line for line in told)
    assert any("just_over.png" in line and "at most 40000000 pixels; got 8000x5001" in line for line in told)


def test_with_a_rate_each_picture_has_its_time_over_all_loops(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(encoded(picture()))
    pictures, _ = play(tmp_path, "?fps=4&loop=1")
    times = [next(pictures).frame_id for _ in range(7)]
    assert [time - 1e9 for time in times] == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5])


def test_a_folder_without_a_sound_picture_is_an_error_and_not_an_endless_loop(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    pictures, _ = play(tmp_path, "?loop=1")
    with pytest.raises(BadInput, match=r"expected at least one JPEG, PNG or WebP in .*; 1 were refused"):
        next(pictures)


def test_a_missing_folder_is_named(tmp_path):
    pictures, _ = play(tmp_path / "nowhere")
    with pytest.raises(NotFound, match=r"expected a folder at .*nowhere"):
        next(pictures)
