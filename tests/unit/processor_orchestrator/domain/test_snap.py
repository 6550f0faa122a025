"""From a request to its summary."""

import pytest

from backbone.errors import BadInput
from backbone.wire.from_snap import is_ours
from backbone.wire.snap_values import Failed, Taken, Uploaded
from processor_orchestrator.domain.snap import Snap
from processor_orchestrator.domain.snap_device import Device, PeerId
from processor_orchestrator.domain.snippet import check_digest

DIGEST = "0" * 64


def asked(*online, offline=()):
    devices = [Device(name, frozenset(), None, 0.0, PeerId(1)) for name in online]
    devices += [Device(name, frozenset(), None, 0.0) for name in offline]
    return Snap.of("s", devices, now=10.0)


def states(snap):
    return {row.device_id: row.state for row in snap.summary().devices}


def test_a_snap_is_complete_when_every_device_uploaded():
    snap = asked("a", "b")
    assert not snap.settled
    for name in ("a", "b"):
        assert snap.hear(Taken(snap_id="s", device_id=name), now=11.0)
        assert not snap.settled
        assert snap.hear(Uploaded(snap_id="s", device_id=name, sha256=DIGEST), now=12.5)
    assert snap.settled
    summary = snap.summary()
    assert summary.complete
    assert [(row.state, row.sha256, row.seconds) for row in summary.devices] == [("uploaded", DIGEST, 2.5)] * 2


def test_every_way_to_fall_short_is_named():
    snap = asked("failed", "silent", "slow", "well", offline=["gone"])
    snap.hear(Failed(snap_id="s", device_id="failed", reason="no camera"), now=11.0)
    snap.hear(Taken(snap_id="s", device_id="slow"), now=11.0)
    snap.hear(Uploaded(snap_id="s", device_id="well", sha256=DIGEST), now=11.0)
    expected = {"failed": "failed", "gone": "offline", "silent": "silent", "slow": "taken", "well": "uploaded"}
    assert states(snap) == expected
    assert not snap.settled
    assert not snap.summary().complete


def test_what_is_final_stays_and_who_is_offline_is_not_waited_for():
    snap = asked("a", offline=["gone"])
    assert snap.hear(Failed(snap_id="s", device_id="a", reason="x"), now=11.0)
    assert not snap.hear(Uploaded(snap_id="s", device_id="a", sha256=DIGEST), now=11.0)
    assert snap.settled
    assert states(snap) == {"a": "failed", "gone": "offline"}


def test_nobody_is_not_everybody():
    assert not asked().summary().complete


def test_our_messages_are_told_from_legacy_texts():
    assert is_ours('{"type":"snap"}')
    assert is_ours(' {"type":"hello","deviceId":""}'), "a malformed one is answered, not relayed"
    for text in ("snap", "stop", "", "{", '{"type":"other"}', '{"type":1}', '["snap"]', '{"type":NaN}', "{}"):
        assert not is_ours(text), text


def test_digests_are_checked_by_rfc_9530():
    sha256, sha512 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "A" * 86 + "=="
    check_digest(None, b"hello")
    check_digest(f"sha-256=:{sha256}:", b"hello")
    check_digest(f"md5=:AAAA:, sha-256=:{sha256}:", b"hello")
    for header, code in (
        (f"sha-256=:{sha256}:, sha-512=:{sha512}:", "digest_mismatch"),
        ("md5=:AAAA:", "bad_digest"),
        (f"sha-256={sha256}", "bad_digest"),
        ("sha-256=:====:", "bad_digest"),
        ("", "bad_digest"),
    ):
        with pytest.raises(BadInput) as refusal:
            check_digest(header, b"hello")
        assert refusal.value.code == code
