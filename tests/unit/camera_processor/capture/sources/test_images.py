"""A folder of pictures is played by name; what is hostile is refused, counted and told."""

import pytest

from backbone.errors import BadInput, NotFound
from camera_processor.capture.sources.images import ImagesSource, read_images
from camera_processor.capture.sources.pace import Stage
from tests.fakes.hostile_pictures import HOSTILE, encoded, picture


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images:photos", ImagesSource("images:photos", "photos")),
        ("images:/p?fps=2.5&loop=1", ImagesSource("images:/p?fps=2.5&loop=1", "/p", 2.5, loop=True)),
    ],
)
def test_a_folder_is_read_from_its_text(text, expected):
    assert read_images(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("images:d?fps=0", "expected fps as a number from 0.01 to 120; got fps='0'"),
        ("images:d?fps=nan", "expected fps"),
        ("images:d?fps=-5", "expected fps"),
    ],
)
def test_another_folder_is_refused(text, said):
    with pytest.raises(BadInput) as refused:
        read_images(text)
    assert said in str(refused.value)


def test_only_a_folder_with_a_rate_leaves_out_pictures_for_a_slow_reader():
    assert [read_images(text).newest_only for text in ("images:a", "images:a?fps=1")] == [False, True]


def play(folder, query=""):
    """Return the pictures, and a list that grows with each file that is refused."""
    clock, refused = [0.0], []
    stage = Stage(
        refuse=lambda: refused.append(1),
        monotonic=lambda: clock[0],
        wall=lambda: 1e9,
        sleep=lambda s: clock.__setitem__(0, clock[0] + s),
    )
    return read_images(f"images:{folder}{query}").play(stage, timeout=1.0), refused


def test_the_sound_pictures_between_hostile_ones_are_played_in_the_order_of_their_names(tmp_path, capsys):
    for name, content in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".hidden.png").write_bytes(encoded(picture()))
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nothing")
    for number, width in enumerate([30, 10, 20]):
        (tmp_path / f"{number}.png").write_bytes(encoded(picture(width, 5)))
    pictures, refused = play(tmp_path)
    assert [shown.image.shape[1] for shown in pictures] == [30, 10, 20]
    assert len(refused) == len(HOSTILE) + 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == len(refused)
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
