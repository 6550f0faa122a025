"""A picture's file is read upright in RGB; what is hostile is refused."""

import os

import numpy as np
import pytest
from PIL import Image

from backbone.errors import BadInput
from camera_processor.capture.sources.image_files import read_image
from tests.fakes.hostile_pictures import HOSTILE, encoded, picture


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
