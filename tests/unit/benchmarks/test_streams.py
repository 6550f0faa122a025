import io
from pathlib import Path

from PIL import Image

from benchmarks.numbered_clip import FPS, PICTURES, age_of, clip, number_at, number_of
from benchmarks.stream_load import Viewer
from benchmarks.streams import Run, motion_settings, table


def test_each_picture_of_the_clip_carries_its_number_through_another_compression():
    pictures = clip()
    assert [number_of(jpeg) for jpeg in pictures] == list(range(PICTURES))
    again = io.BytesIO()
    Image.open(io.BytesIO(pictures[-1])).save(again, "JPEG", quality=40)
    assert number_of(again.getvalue()) == PICTURES - 1


def test_the_age_of_a_picture_counts_from_its_turn():
    now = 1_700_000_000.01
    shown = number_at(now)
    assert abs(age_of(shown, now) - 0.01) < 1e-6
    assert abs(age_of((shown - 3) % PICTURES, now) - 0.01 - 3 / FPS) < 1e-6


def test_a_viewer_counts_pictures_however_they_are_cut():
    jpeg = clip()[5]
    body = (b"--frame\r\n\r\n" + jpeg + b"\r\n") * 3
    for size in (997, 100_000):
        for probe in (True, False):
            viewer = Viewer("/", probe=probe)
            for at in range(0, len(body), size):
                viewer.data_received(body[at : at + size])
            assert viewer.count() == 3, (size, probe)


def test_motion_is_told_the_same_size_rate_and_quality():
    told = dict(line.split(" ", 1) for line in motion_settings(1, 2, Path("folder")).splitlines())
    assert (told["width"], told["height"], told["framerate"], told["stream_maxrate"]) == ("1280", "720", "25", "25")
    assert (told["stream_quality"], told["pause"], told["picture_output"]) == ("80", "on", "off")


def test_the_table_tells_both_sides_and_the_stalled_viewer():
    ours, theirs = [Run(0.1, 25.0, 8.0, 11.0)], [Run(0.2, 24.0, 80.0, 110.0)]
    text = table({(4, 1): ours}, {(4, 1): theirs})
    assert "| 5, one of them stalled | 10.0 / 10.0 / 10.0 | 20.0 / 20.0 / 20.0 | **2.00** | 25.0 / 24.0 |" in text
