"""Who a Pi is: what files are taken for an id, and that nothing in them runs."""

from pathlib import Path

import pytest

from edge_devices.pi_sender.identity import Identity, NoIdentity, read_identity
from edge_devices.pi_sender.sender_options import base_url

ID = "0123456789abcdef"


def read(
    folder: Path, text: str | bytes, *, name: str = "secret.py", num: str | None = None, host: str = "pi"
) -> Identity:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_identity(file, num=num, host_name=host)


def test_a_legacy_secret_is_one_line(tmp_path: Path) -> None:
    assert read(tmp_path, f"secret='{ID}'") == Identity(ID, "1")
    assert read(tmp_path, f'# mine\nsecret = "{ID.upper()}"\n') == Identity(ID.upper(), "1")
    assert read(tmp_path, f'secret = "{ID}"\nnum = 4\nkey = "k"\n', name="x.toml") == Identity(ID, "4", "k")


def test_the_station_comes_from_the_command_the_file_or_the_host(tmp_path: Path) -> None:
    text = f"secret='{ID}'\nnum='7'\n"
    assert read(tmp_path, text, num="8").pi_num == "8"
    assert read(tmp_path, text, host="pi09").pi_num == "7"
    assert read(tmp_path, f"secret='{ID}'", host="pi09.local").pi_num == "9"
    with pytest.raises(NoIdentity):
        read(tmp_path, text, num="../1")


def test_every_request_shows_id_number_and_key() -> None:
    assert Identity("i", "1").headers == {"pi_id": "i", "pi_num": "1"}
    assert Identity("i", "1", "k").headers == {"pi_id": "i", "pi_num": "1", "pi_key": "k"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret=''",
        f"secret='{ID}0'",
        "secret='0123456789abcdeg'",
        f"secret=str('{ID}')",
        f"secret=f'{ID}'",
        f"if True:\n  secret='{ID}'",
        f"secret={ID!r}, 1",
        "secret=" + "(" * 10_000,
        b"\xff\xfe",
        b"\x00",
    ],
)
def test_whatever_else_is_in_the_file_is_no_id_and_the_id_is_never_told(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(NoIdentity) as refusal:
        read(tmp_path, text)
    assert ID not in str(refusal.value)


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("192.168.7.1", "http://192.168.7.1:3500"),
        ("pi_box.local:80", "http://pi_box.local:80"),
        ("https://host/", "https://host:3500"),
        ("[fd00::1]", "http://[fd00::1]:3500"),
    ],
)
def test_a_receiver_is_written_as_people_write_it(server: str, base: str) -> None:
    assert base_url(server) == base


@pytest.mark.parametrize("server", ["", "ftp://x", "host:0", "host:70000", "a b", "http://u:p@host"])
def test_what_is_no_receiver_is_refused(server: str) -> None:
    with pytest.raises(ValueError, match="expected host"):
        base_url(server)
