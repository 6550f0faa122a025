"""What `python -m edge_devices.snap_camera` understands."""

import pytest

from edge_devices.snap_camera.options import read_options


def test_a_camera_is_told_where_to_put_its_pictures(tmp_path):
    token = tmp_path / "token"
    token.write_text("secret\n")
    told = read_options(
        ["wss://host:9/snap", "--device-id", "a", "--groups", "x, y,", "--folder", str(tmp_path)],
        {"JWT_FILE": str(token)},
    )
    assert (told.api, told.device_id, told.groups, told.token) == ("https://host:9", "a", ("x", "y"), "secret")
    assert (told.source, told.warm_up) == ("0", 2.0)
    assert read_options(["host", "--api", "http://api:1"], {}).api == "http://api:1"


@pytest.mark.parametrize(
    "more",
    [
        ["--device-id", "all"],
        ["--device-id", "a b"],
        ["--groups", "../x"],
        ["--warm-up", "61"],
        ["--folder", "/nonexistent"],
        ["--api", "ftp://x"],
        ["--token-file", "/nonexistent"],
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(more, capsys):
    with pytest.raises(SystemExit) as end:
        read_options(["host", *more], {})
    assert end.value.code == 2
    assert "expected" in capsys.readouterr().err
