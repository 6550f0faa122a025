"""Our sender and our receiver, which share nothing but the protocol: what leaves a Pi's folder has arrived whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.fakes.fault_proxy import fault_proxy
from tests.processes import ROOT, Role, free_port, wait_until
from tests.receivers import TIMEOUT, Receiving
from tests.sending_pi import SendingPi

MEGABYTE = 1024 * 1024
STATION = "7"


@pytest.fixture
def receiving(tmp_path: Path) -> Receiving:
    return Receiving(tmp_path / "receiver")


@pytest.fixture
def pi(tmp_path: Path, receiving: Receiving) -> SendingPi:
    home = tmp_path / "pi"
    home.mkdir()
    return listed(home, receiving)


def listed(home: Path, receiving: Receiving) -> SendingPi:
    """Return a Pi of station 7 that the receiver lists."""
    pi_id = os.urandom(8).hex()
    with receiving.ids.open("a") as ids:
        ids.write(f"{pi_id}\n")
    pi = SendingPi(home, pi_id)
    pi.secret(f"secret='{pi_id}'\nnum='{STATION}'\n")
    return pi


def arrived(receiving: Receiving) -> dict[str, bytes]:
    return receiving.stored(f"station{STATION}")


def pinned(pi: SendingPi, role: Role) -> str:
    """Fetch the receiver's key as docs/pi-files.md says and return where it lies."""
    key = pi.home / "receiver.pem"
    key.write_text(requests.get(f"{role.url}/receipt-key", timeout=TIMEOUT).text)
    return str(key)


def check_store(receiving: Receiving) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "pi_receiver", "verify", str(receiving.store)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


# Everything goes well.


def test_files_of_every_size_and_folder_arrive_and_move_by_signed_receipts_only(
    pi: SendingPi, receiving: Receiving
) -> None:
    expected = {
        "empty.txt": pi.write("empty.txt", b""),
        "a b.csv": pi.write("a b.csv"),
        "2024__05__deep.json": pi.write("2024/05/deep.json", b"{}"),
        "gr\u00fcn.txt": pi.write("gr\u00fcn.txt", b"umlaut"),
        "big.csv": pi.write("big.csv", os.urandom(21 * MEGABYTE + 13)),
    }
    diagnosis = pi.write("sub/diagnostic-1.txt", b"temperature")
    with receiving.running() as role:
        code, out, told = pi.send(role.url, "--receipt-key", pinned(pi, role))
        assert (code, out) == (0, ""), told
        assert [role.metric("pi_receiver_files_total", way=way) for way in ("legacy", "tus")] == [5, 1]
    assert arrived(receiving) == expected
    assert receiving.stored(f"diagnostics/station{STATION}") == {"sub__diagnostic-1.txt": diagnosis}
    assert pi.waiting == []
    originals = ["empty.txt", "a b.csv", "2024/05/deep.json", "gr\u00fcn.txt", "big.csv", "sub/diagnostic-1.txt"]
    assert pi.sent == sorted(originals)
    assert (pi.home / "sent_files" / "big.csv").read_bytes() == expected["big.csv"]
    assert receiving.left_over() == []
    done = check_store(receiving)
    assert (done.returncode, done.stdout) == (0, "0 damaged of 6 files\n")


def test_a_file_keeps_the_time_of_its_recording_by_both_ways(pi: SendingPi, receiving: Receiving) -> None:
    recorded = {"small.csv": 1_700_000_000.0, "big.csv": 1_600_000_000.5, "empty.csv": 1_650_000_000.0}
    sizes = {"small.csv": 10, "big.csv": 9 * MEGABYTE, "empty.csv": 0, "no-clock.csv": 5}
    began = time.time()
    for name, size in sizes.items():
        pi.write(name, os.urandom(size))
        os.utime(pi.logs / name, (recorded.get(name, 4.0),) * 2)
    with receiving.running() as role:
        assert pi.send(role.url)[0] == 0
    kept = {name: (receiving.store / f"station{STATION}" / name).stat().st_mtime for name in sizes}
    assert kept.pop("no-clock.csv") > began - 60, "a Pi that thinks it is 1970 is not believed"
    assert kept == recorded


def test_an_empty_file_goes_by_the_resumable_way_too(pi: SendingPi, receiving: Receiving) -> None:
    pi.write("empty.txt", b"")
    with receiving.running() as role:
        assert pi.send(role.url, "--resumable-from", "0", "--receipt-key", pinned(pi, role))[0] == 0
    assert (arrived(receiving), pi.sent) == ({"empty.txt": b""}, ["empty.txt"])


def test_only_the_receivers_own_key_lets_files_go_and_a_second_try_stores_nothing_twice(
    pi: SendingPi, receiving: Receiving, tmp_path: Path
) -> None:
    files = {"a.csv": pi.write("a.csv"), "big.csv": pi.write("big.csv", os.urandom(9 * MEGABYTE))}
    with Receiving(tmp_path / "other").running() as other:
        foreign = pinned(pi, other)
        with receiving.running() as role:
            code, out, told = pi.send(role.url, "--receipt-key", foreign)
            assert (code, out) == (1, "a.csv could not be sent\nbig.csv could not be sent\n")
            assert "signed with the pinned key" in told
            assert (pi.waiting, pi.sent) == (["a.csv", "big.csv"], [])
            assert pi.send(role.url, "--receipt-key", pinned(pi, role))[0] == 0
    assert (arrived(receiving), pi.waiting) == (files, [])


def test_a_key_in_ids_txt_is_sent_with_every_request_of_both_ways(pi: SendingPi, receiving: Receiving) -> None:
    pi.write("a.csv")
    pi.write("big.csv", os.urandom(9 * MEGABYTE))
    with receiving.running() as role:
        other = receiving.pi(station="8", key="a-key-of-this-Pi")
        pi.secret(f"secret='{other.pi_id}'\nnum='8'\n")
        assert pi.send(role.url)[:2] == (4, "Authentication failed\n")
        pi.secret(f"secret='{other.pi_id}'\nnum='8'\nkey='a-key-of-this-Pi'\n")
        assert pi.send(role.url)[0] == 0
    assert set(receiving.stored("station8")) == {"a.csv", "big.csv"}


def test_a_pi_cannot_write_to_the_station_that_another_one_has(
    pi: SendingPi, receiving: Receiving, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    second = listed(tmp_path / "second", receiving)
    mine = pi.write("a.csv", b"mine")
    second.write("a.csv", b"not yours")
    second.write("big.csv", os.urandom(9 * MEGABYTE))
    with receiving.running() as role:
        assert pi.send(role.url)[0] == 0
        assert second.send(role.url)[:2] == (4, "Authentication failed\n")
    assert (arrived(receiving), second.waiting) == ({"a.csv": mine}, ["a.csv", "big.csv"])


def test_a_file_that_is_refused_stays_with_its_reason_and_the_others_go(pi: SendingPi, receiving: Receiving) -> None:
    for name in ("a.csv", "b.exe", "c.txt"):
        pi.write(name)
    pi.write("big.exe", os.urandom(9 * MEGABYTE))
    with receiving.running() as role:
        code, out, told = pi.send(role.url)
    assert (code, out) == (1, "b.exe could not be sent\nbig.exe could not be sent\n")
    assert told.count("expected one of csv, json, txt, got 'exe'") == 2
    assert (sorted(arrived(receiving)), pi.waiting) == (["a.csv", "c.txt"], ["b.exe", "big.exe"])


# The receiver is killed, the link is bad, the disk is full.


@contextmanager
def watching(pi: SendingPi, url: str, *more: str) -> Iterator[None]:
    """Run the sender with `--watch` for the length of a `with` block; it ends well."""
    running = pi.command(url, "logs", "--watch", "1", *more)
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        out, told = running.communicate(timeout=30)
        assert running.returncode == 0, (out, told)


def write_old(pi: SendingPi, name: str, content: bytes) -> bytes:
    """Write a file that a watching sender need not leave alone for its two seconds."""
    pi.write(name, content)
    os.utime(pi.logs / name, (time.time() - 60,) * 2)
    return content


def test_a_watched_folder_arrives_whole_while_the_receiver_is_killed_at_every_step(
    pi: SendingPi, receiving: Receiving
) -> None:
    port, points = free_port(), ("after_write", "before_fsync", "after_rename", "before_reply")
    url = f"http://127.0.0.1:{port}"
    expected = {"big.csv": write_old(pi, "big.csv", os.urandom(13 * MEGABYTE))}
    with watching(pi, url, "--resumable-from", "4"):
        for number, point in enumerate(points):
            name = f"{number}.csv"
            expected[name] = write_old(pi, name, os.urandom(50_000))
            with receiving.running("--port", str(port), "--fault", point, environment={"TEST_MODE": "1"}) as role:
                wait_until(lambda role=role: role.process.poll() is not None, f"the kill at {point}")
                assert role.process.returncode == -signal.SIGKILL
        with receiving.running("--port", str(port)):
            wait_until(lambda: pi.waiting == [], "the last file")
    assert arrived(receiving) == expected
    assert {name: (pi.home / "sent_files" / name).read_bytes() for name in pi.sent} == expected
    assert receiving.left_over() == []
    assert check_store(receiving).returncode == 0


def test_a_resumed_upload_is_equal_byte_for_byte_and_what_was_there_is_not_sent_again(
    pi: SendingPi, receiving: Receiving
) -> None:
    content, port = pi.write("big.csv", os.urandom(40 * MEGABYTE)), free_port()
    parts = receiving.store / ".receiver" / "resumable"

    def there() -> int:
        return sum(path.stat().st_size for path in parts.iterdir()) if parts.is_dir() else 0

    with receiving.running("--port", str(port)) as role:
        running = pi.command(role.url, "logs")
        wait_until(lambda: there() >= 8 * MEGABYTE, "the first pieces")
        role.kill()
    before = there()
    with receiving.running("--port", str(port)) as role:
        out, told = running.communicate(timeout=90)
        assert (running.returncode, out) == (0, ""), told
        assert "trying again" in told
    assert (arrived(receiving), before >= 8 * MEGABYTE) == ({"big.csv": content}, True)
    assert receiving.left_over() == []


@pytest.mark.parametrize("seed", [1, 3, 5])  # whose first connection is a bad one
def test_a_bad_link_costs_time_and_no_byte(pi: SendingPi, receiving: Receiving, seed: int) -> None:
    expected = {f"{number}.csv": pi.write(f"{number}.csv", os.urandom(20_000 * number)) for number in range(5)}
    expected["big.csv"] = pi.write("big.csv", os.urandom(9 * MEGABYTE))
    with receiving.running("--stall-seconds", "3") as role, fault_proxy(lambda: role.port, seed=seed, share=0.7) as bad:
        url, patience = f"http://127.0.0.1:{bad.port}", ("--answer-seconds", "4", "--tries", "20")
        code, out, told = pi.send(url, *patience, "--receipt-key", pinned(pi, role))
        for _ in range(5):  # what met a cut-off channel stays for the next run, as people are told
            if code == 0:
                break
            code, out, told = pi.send(url, *patience, "--receipt-key", pinned(pi, role))
        assert (code, out) == (0, ""), told
        assert bad.done.total() > 0
    assert (arrived(receiving), pi.waiting) == (expected, [])


def test_a_full_disk_keeps_the_files_at_the_pi_until_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    receiving, home = Receiving(small_disk), tmp_path / "pi"
    home.mkdir()
    pi = listed(home, receiving)
    first = pi.write("0.csv", os.urandom(30 * MEGABYTE))
    with receiving.running("--reserve-megabytes", "8") as role:
        assert pi.send(role.url)[0] == 0
        later = {"1.csv": pi.write("1.csv", os.urandom(12 * MEGABYTE)), "2.csv": pi.write("2.csv", b"still fits")}
        later["3.csv"] = pi.write("3.csv", os.urandom(7 * MEGABYTE))
        code, out, told = pi.send(role.url, "--tries", "2")
        assert (code, out, told.count("507") >= 1) == (1, "1.csv could not be sent\n", True), told
        assert (pi.waiting, receiving.left_over()) == (["1.csv"], [])
        assert arrived(receiving) == {"0.csv": first} | {name: later[name] for name in ("2.csv", "3.csv")}
        with watching(pi, role.url, "--tries", "1"):
            wait_until(lambda: role.metric("searchlight_refused_total", code="no_space") > 2, "another refusal")
            (receiving.store / f"station{STATION}" / "0.csv").unlink()
            wait_until(lambda: pi.waiting == [], "the file after there is room")
        assert (receiving.store / f"station{STATION}" / "1.csv").read_bytes() == later["1.csv"]


# Memory.


def test_neither_sides_memory_grows_with_the_file(pi: SendingPi, receiving: Receiving) -> None:
    source = (
        "import resource, sys\n"
        "from edge_devices.pi_sender.command import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks: list[tuple[int, int]] = []
    with receiving.running() as role:
        for megabytes in (16, 256):
            with (pi.logs / f"{megabytes}.csv").open("wb") as file:
                file.truncate(megabytes * MEGABYTE)
            line = [sys.executable, "-c", source, role.url, "logs"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                line, cwd=pi.home, env=environment, capture_output=True, text=True, timeout=90, check=True
            )
            peaks.append((int(done.stdout.split()[-1]), peak_of(role)))
    growth = [after - before for before, after in zip(*peaks, strict=True)]
    assert max(growth) < 24 * 1024, peaks  # KiB


def peak_of(role: Role) -> int:
    """Return the largest resident size of a role so far, KiB."""
    status = Path(f"/proc/{role.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
