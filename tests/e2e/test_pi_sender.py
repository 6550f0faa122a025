"""The sender's command against receivers that keep to the seed, that go further, and that misbehave."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.pi_receivers import CUT, CUT_AFTER, KNOWN, Receiver, receiver
from tests.processes import ROOT, free_port, wait_until
from tests.sending_pi import SendingPi, names

MEGABYTE = 1024 * 1024


@pytest.fixture
def pi(tmp_path: Path) -> SendingPi:
    return SendingPi(tmp_path, KNOWN)


@pytest.fixture
def legacy() -> Iterator[Receiver]:
    with receiver(modern=False) as running:
        yield running


@pytest.fixture
def modern() -> Iterator[Receiver]:
    with receiver(modern=True) as running:
        yield running


# The legacy command line and its texts.


@pytest.mark.parametrize("secret", [None, "", "secret='short'", "import os\nsecret=os.getcwd()", "secret=", "\0"])
def test_a_pi_without_an_id_stops(pi: SendingPi, secret: str | None) -> None:
    if secret is None:
        (pi.home / "secret.py").unlink()
    else:
        pi.secret(secret)
    code, out, _ = pi.send("127.0.0.1")
    assert (code, out) == (2, "PI id not found\n")


def test_the_secret_is_read_and_never_run(pi: SendingPi, legacy: Receiver) -> None:
    pi.secret(f"open('ran', 'w')\nsecret = '{KNOWN}'\n")
    pi.write("a.csv")
    assert pi.send(legacy.url)[0] == 0
    assert not (pi.home / "ran").exists()


@pytest.mark.parametrize("arguments", [[], ["127.0.0.1"]])
def test_missing_arguments_stop(pi: SendingPi, arguments: list[str]) -> None:
    running = pi.command(*arguments)
    assert (running.communicate(timeout=30)[0], running.returncode) == ("Missing arguments\n", 2)


def test_what_is_no_folder_stops(pi: SendingPi) -> None:
    running = pi.command("127.0.0.1", "nowhere")
    assert (running.communicate(timeout=30)[0], running.returncode) == ("nowhere not a valid directory\n", 2)


def test_a_receiver_that_is_not_there_is_named(pi: SendingPi) -> None:
    pi.write("a.csv")
    code, out, _ = pi.send("127.0.0.9")
    assert (code, out) == (3, "http://127.0.0.9:3500 could not be reached\n")
    assert pi.waiting == ["a.csv"]


def test_a_pi_that_is_not_known_stops(pi: SendingPi, legacy: Receiver) -> None:
    pi.write("a.csv")
    legacy.ids.clear()
    assert pi.send(legacy.url)[:2] == (4, "Authentication failed\n")
    assert pi.waiting == ["a.csv"]


def test_a_file_that_is_refused_stays_and_the_others_go(pi: SendingPi, legacy: Receiver) -> None:
    for name in ("a.csv", "b.exe", "c.txt"):
        pi.write(name)
    code, out, _ = pi.send(legacy.url)
    assert (code, out) == (1, "b.exe could not be sent\n")
    assert (pi.waiting, pi.sent) == (["b.exe"], ["a.csv", "c.txt"])


def test_a_name_that_nobody_can_tell_is_kept_and_the_others_go(pi: SendingPi, legacy: Receiver) -> None:
    (pi.logs / os.fsdecode(b"\xff.csv")).write_bytes(b"1")
    (pi.logs / "two\nlines.csv").write_bytes(b"2")
    pi.write("a.csv")
    code, out, told = pi.send(legacy.url)
    assert (code, legacy.files) == (1, {"a.csv": b"1,2\n"})
    assert out == "two\nlines.csv could not be sent\n\\udcff.csv could not be sent\n"
    assert told.count("printable characters") == 2


# What is sent.


def test_a_legacy_receiver_gets_every_file_and_every_request_says_who_asks(pi: SendingPi, legacy: Receiver) -> None:
    pi.secret(f"secret='{KNOWN}'\nnum='7'\n")
    expected = {
        "a.csv": pi.write("a.csv"),
        "2024__b.txt": pi.write("2024/b.txt", b""),
        "c d.json": pi.write("c d.json"),
    }
    pi.write(".hidden.csv")
    (pi.logs / "link.csv").symlink_to(pi.home / "secret.py")
    assert pi.send(legacy.url)[0] == 0
    assert legacy.files == expected
    assert pi.sent == ["2024/b.txt", "a.csv", "c d.json"]
    headers = [headers for _, _, headers in legacy.requests]
    assert {(head["pi_id"], head["pi_num"]) for head in headers} == {(KNOWN, "7")}
    assert [head["num_files"] for head in headers[1:]] == ["3", "2", "1"]
    assert len(legacy.took("GET")) == 1, "one channel serves a run"


def test_a_large_file_goes_to_a_legacy_receiver_the_legacy_way(pi: SendingPi, legacy: Receiver) -> None:
    content = pi.write("big.csv", os.urandom(9 * MEGABYTE))
    code, _, told = pi.send(legacy.url)
    assert (code, legacy.files["big.csv"] == content) == (0, True)
    assert "no resumable uploads" in told


def test_a_large_file_is_sent_in_pieces_with_digests(pi: SendingPi, modern: Receiver) -> None:
    content = pi.write("sub/big.mp4", os.urandom(9 * MEGABYTE + 5))
    small = pi.write("a.csv")
    code, _, told = pi.send(modern.url)
    assert (code, modern.files == {"a.csv": small, "sub__big.mp4": content}) == (0, True), told
    assert len(modern.took("PATCH")) == 3
    assert "signatures are checked only with --receipt-key" in told
    assert names(pi.home) == ["secret.py", "sent_files/a.csv", "sent_files/sub/big.mp4"]


def test_a_name_that_was_sent_before_replaces_nothing(pi: SendingPi, legacy: Receiver) -> None:
    for content in (b"one", b"two"):
        pi.write("a.csv", content)
        assert pi.send(legacy.url)[0] == 0
    assert [(pi.home / "sent_files" / name).read_bytes() for name in pi.sent] == [b"two", b"one"]
    assert pi.sent == ["a.2.csv", "a.csv"]


# What goes wrong.


@pytest.mark.parametrize("fault", [CUT, CUT_AFTER, "text 500", "text 401", "text 503"])
def test_a_fault_on_the_way_is_tried_again(pi: SendingPi, legacy: Receiver, fault: str) -> None:
    content = pi.write("a.csv", os.urandom(100_000))
    legacy.faults = ["", fault]
    code, out, told = pi.send(legacy.url)
    assert (code, out, legacy.files) == (0, "", {"a.csv": content}), told


@pytest.mark.parametrize("fault", [CUT, CUT_AFTER, "mismatch", "text 409"])
def test_a_resumable_upload_goes_on_where_it_was_cut(pi: SendingPi, modern: Receiver, fault: str) -> None:
    content = pi.write("big.csv", os.urandom(13 * MEGABYTE))
    modern.faults = ["", "", "", fault, ""]
    code, _, told = pi.send(modern.url)
    assert (code, modern.files["big.csv"] == content) == (0, True), told
    assert len(modern.uploads) == 1


def test_pieces_get_smaller_on_a_link_that_cuts_them_and_larger_again(pi: SendingPi, modern: Receiver) -> None:
    content = pi.write("big.csv", os.urandom(13 * MEGABYTE))
    modern.faults = ["", "", CUT, "", CUT, "", CUT, "", CUT, ""]  # each cut piece is followed by a HEAD
    code, _, told = pi.send(modern.url)
    assert (code, modern.files["big.csv"] == content) == (0, True), told
    sizes = [int(head["Content-Length"]) for method, _, head in modern.requests if method == "PATCH"]
    quarter, least = MEGABYTE, 64 * 1024
    assert sizes[:7] == [4 * MEGABYTE, quarter, quarter // 4, least, least, 2 * least, 4 * least]


def test_an_upload_goes_on_after_the_sender_was_killed(pi: SendingPi, modern: Receiver) -> None:
    content = pi.write("big.csv", os.urandom(9 * MEGABYTE))
    modern.faults = ["", "", "", *["text 503"] * 50]
    running = pi.command(modern.url, "logs")
    wait_until(lambda: len(modern.took("PATCH")) >= 2, "the second piece")
    running.kill()
    running.communicate(timeout=30)
    assert pi.waiting == ["big.csv"]
    modern.faults, before = [], len(modern.took("PATCH"))
    assert pi.send(modern.url)[0] == 0
    assert (modern.files["big.csv"] == content, len(modern.uploads)) == (True, 1)
    assert len(modern.took("PATCH")) - before == 2, "the first piece was there"


def test_an_upload_that_the_receiver_has_forgotten_begins_anew(pi: SendingPi, modern: Receiver) -> None:
    content = pi.write("big.csv", os.urandom(9 * MEGABYTE))
    modern.faults = ["", "", "", *["text 503"] * 7]
    assert pi.send(modern.url, "--tries", "2")[0] == 1
    modern.uploads.clear()
    modern.faults = []
    assert pi.send(modern.url)[0] == 0
    assert modern.files["big.csv"] == content


def test_only_a_receipt_for_the_same_bytes_lets_a_file_go(pi: SendingPi, modern: Receiver) -> None:
    pi.write("a.csv")
    pi.write("big.csv", os.urandom(9 * MEGABYTE))
    modern.receipt_of = {"sha256": hashlib.sha256(b"other").hexdigest()}
    code, out, _ = pi.send(modern.url)
    assert (code, out) == (1, "a.csv could not be sent\nbig.csv could not be sent\n")
    assert pi.waiting == ["a.csv", "big.csv"]
    modern.receipt_of = None
    assert pi.send(modern.url)[0] == 0


def test_with_a_pinned_key_only_its_receipts_are_believed(pi: SendingPi, modern: Receiver, legacy: Receiver) -> None:
    key = pi.home / "receiver.pem"
    pi.write("a.csv")
    key.write_text(legacy.public_pem)
    assert pi.send(modern.url, "--receipt-key", str(key))[:2] == (1, "a.csv could not be sent\n")
    key.write_text(modern.public_pem)
    assert pi.send(legacy.url, "--receipt-key", str(key))[:2] == (1, "a.csv could not be sent\n")
    assert pi.waiting == ["a.csv"]
    assert pi.send(modern.url, "--receipt-key", str(key))[0] == 0
    key.write_text("no key")
    assert pi.send(modern.url, "--receipt-key", str(key))[0] == 2


def test_a_watched_folder_is_sent_as_it_fills_even_when_the_receiver_comes_late(pi: SendingPi) -> None:
    port = free_port()
    old = pi.write("a.csv")
    os.utime(pi.logs / "a.csv", (1_000_000, 1_000_000))
    running = pi.command(f"127.0.0.1:{port}", "logs", "--watch", "1")
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == f"http://127.0.0.1:{port} could not be reached\n"
        with receiver(modern=False, port=port) as late:
            wait_until(lambda: late.files == {"a.csv": old}, "the first file")
            new = pi.write("b.csv", b"fresh")
            wait_until(lambda: late.files == {"a.csv": old, "b.csv": new}, "the second file")
            wait_until(lambda: pi.waiting == [], "the move")
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 0
        running.communicate(timeout=60)


def test_a_refused_file_in_a_watched_folder_holds_up_no_other(pi: SendingPi, legacy: Receiver) -> None:
    pi.write("bad.exe")
    os.utime(pi.logs / "bad.exe", (1_000_000, 1_000_000))
    running = pi.command(legacy.url, "logs", "--watch", "1")
    try:
        for number in range(4):
            wait_until(lambda number=number: len(legacy.took("POST")) > number, "a try")
            pi.write(f"{number}.csv")
            os.utime(pi.logs / f"{number}.csv", (1_000_000, 1_000_000))
            wait_until(lambda number=number: f"{number}.csv" in legacy.files, "the other file")
        wait_until(lambda: pi.waiting == ["bad.exe"], "the last move")
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 0
        assert "bad.exe could not be sent" in running.communicate(timeout=60)[0]


def test_memory_stays_flat_for_a_large_file(pi: SendingPi, legacy: Receiver) -> None:
    peaks = []
    for megabytes in (1, 64):
        with (pi.logs / "big.csv").open("wb") as file:
            file.truncate(megabytes * MEGABYTE)
        source = (
            "import resource, runpy, sys\n"
            f"sys.argv = ['x', {legacy.url!r}, 'logs']\n"
            "try:\n    runpy.run_module('edge_devices.pi_sender', run_name='__main__')\n"
            "except SystemExit as end:\n    assert end.code == 0, end.code\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        line = [sys.executable, "-c", source]
        out = subprocess.run(line, cwd=pi.home, env=environment, capture_output=True, text=True, timeout=90, check=True)
        peaks.append(int(out.stdout.split()[-1]))
    assert peaks[1] - peaks[0] < 16 * 1024, peaks  # KiB
