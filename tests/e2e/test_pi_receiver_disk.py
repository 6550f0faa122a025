"""A disk that gets full: a small file system of its own, mounted as root."""

import os

from tests.receivers import Receiving

MEGABYTE = 1024 * 1024
PLENTY = b"\1" * (20 * MEGABYTE)


def test_the_reserve_is_never_touched_and_what_was_stored_stays(small_disk):
    receiving = Receiving(small_disk)
    with receiving.running("--reserve-megabytes", "8"):
        pi = receiving.pi()
        assert pi.send(("first.txt", PLENTY)) == ["200"]
        answer = pi.post(pi.channel(), "second.txt", PLENTY[1:])
        assert (answer.status_code, answer.text) == (507, "507")
        created = pi.create("second.txt", PLENTY[1:])
        assert (created.status_code, created.json()["code"]) == (507, "no_space")
        assert receiving.left_over() == []
        assert pi.send(("small.txt", b"still fits")) == ["200"]
        (receiving.store / f"station{pi.station}" / "first.txt").unlink()
        assert pi.send(("second.txt", PLENTY[1:])) == ["200"], "it recovers as soon as there is room"
        assert receiving.left_over() == []


def test_room_is_promised_once(small_disk):
    receiving = Receiving(small_disk)
    with receiving.running("--reserve-megabytes", "8"):
        pi = receiving.pi()
        where = pi.create("first.txt", PLENTY).headers["Location"]
        assert pi.create("second.txt", PLENTY).status_code == 507
        assert pi.post(pi.channel(), "second.txt", PLENTY).text == "507"
        assert pi.patch(where, 0, PLENTY).status_code == 204
        assert pi.tus("DELETE", pi.create("third.txt", b"1").headers["Location"]).status_code == 204


def test_a_disk_that_others_fill_is_told_and_nothing_half_written_is_seen(small_disk):
    receiving = Receiving(small_disk)
    with receiving.running("--reserve-megabytes", "0"):
        pi = receiving.pi()
        assert pi.send(("first.txt", b"one")) == ["200"]
        where = pi.create("big.txt", PLENTY).headers["Location"]
        assert pi.patch(where, 0, PLENTY[:MEGABYTE]).status_code == 204
        filler = small_disk / "filler"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filler.write_bytes(b"\0" * (free - 2 * MEGABYTE))
        assert pi.post(pi.channel(), "second.txt", PLENTY).status_code == 507
        assert pi.patch(where, MEGABYTE, PLENTY[MEGABYTE:]).status_code == 507
        assert set(receiving.stored(f"station{pi.station}")) == {"first.txt"}
        filler.unlink()
        assert pi.send(("second.txt", b"two")) == ["200"]
        offset = pi.offset(where)
        assert offset >= MEGABYTE
        assert pi.patch(where, offset, PLENTY[offset:]).status_code == 204
        assert receiving.stored(f"station{pi.station}")["big.txt"] == PLENTY
