"""Reception: an answer leaves only when the file is on the disk, and what is not whole leaves nothing."""

import hashlib

import jwt
import pytest

from backbone.errors import TooLarge, Unavailable
from pi_receiver.domain.refusals import Mismatch, NoSpace, WrongKind
from tests.fakes.receiver_parts import MINE, Parts, keeping

READINGS = b"1;20.5\n"


@pytest.fixture
async def parts(tmp_path):
    async with keeping(Parts(tmp_path)) as made:
        yield made


async def receive(parts: Parts, content: bytes, *, name: str = "a.txt", digest: str = "", modified=None) -> str:
    """Receive a file as the legacy way does, and return its receipt."""
    incoming = parts.reception.open(parts.space.claim(len(content)))
    try:
        incoming.write(content)
        announced = digest or hashlib.sha256(content).hexdigest()
        return await parts.reception.keep(
            incoming, name=name, digest=announced, owner=MINE, way="legacy", modified=modified
        )
    except Exception:
        incoming.discard()
        raise


async def test_the_receipt_comes_after_everything_is_on_the_disk(parts):
    receipt = await receive(parts, READINGS)
    assert parts.steps.taken == [
        "write incoming",
        "fsync incoming",
        "fsync sidecar",
        "make station1",
        f"fsync folder {parts.folder.name}",
        "rename a.txt.sha256",
        "link a.txt",
        "link a.sha256",
        "fsync folder station1",
        "ledger",
        "receipt",
    ]
    said = jwt.decode(receipt, options={"verify_signature": False})
    assert (said["stored"], said["sha256"], said["size"]) == (
        "station1/a.txt",
        hashlib.sha256(READINGS).hexdigest(),
        len(READINGS),
    )
    assert said["iat"] == parts.clock.now


async def test_another_digest_than_announced_keeps_nothing(parts):
    with pytest.raises(Mismatch) as refused:
        await receive(parts, READINGS, digest="0" * 64)
    assert (refused.value.status, refused.value.legacy_text) == (422, "500")
    assert parts.files() == {}
    assert parts.left_over() == []
    assert parts.steps.taken == ["write incoming"]


async def test_a_file_that_the_ledger_did_not_take_has_no_receipt(parts):
    parts.steps.ledger_away = True
    with pytest.raises(Unavailable):
        await receive(parts, READINGS)
    assert "receipt" not in parts.steps.taken
    parts.steps.ledger_away = False
    await receive(parts, READINGS)
    assert parts.files() == {"station1/a.txt": READINGS}
    assert parts.store.ledger.totals() == (1, len(READINGS))


async def test_a_full_disk_is_507_and_over_as_soon_as_there_is_room(parts):
    parts.steps.full = True
    with pytest.raises(NoSpace) as refused:
        await receive(parts, READINGS)
    assert refused.value.status == 507
    assert parts.left_over() == []
    assert parts.space.left() == parts.space.free, "its room was given back"
    parts.steps.full = False
    await receive(parts, READINGS)
    assert parts.files() == {"station1/a.txt": READINGS}


async def test_the_reserve_is_never_touched(parts):
    parts.space.free = 4
    with pytest.raises(NoSpace):
        await receive(parts, READINGS)
    assert parts.steps.taken == []


async def test_a_file_keeps_its_senders_date(parts):
    await receive(parts, READINGS, modified=1_700_000_000.0)
    assert (parts.folder / "station1" / "a.txt").stat().st_mtime == 1_700_000_000.0


async def test_a_file_over_the_cap_is_refused_while_it_comes(parts):
    incoming = parts.reception.open(parts.space.claim(0))
    with pytest.raises(TooLarge):
        incoming.write(bytes(50_000_001))
    incoming.discard()
    assert parts.left_over() == []


def test_only_so_many_come_in_at_once(tmp_path):
    reception = Parts(tmp_path).reception
    for pi in ("a", "a", "b"):
        reception.enter(pi)
    for pi in ("a", "c"):
        with pytest.raises(Unavailable):
            reception.enter(pi)
    reception.leave("a")
    reception.enter("c")
    with pytest.raises(Unavailable):
        reception.enter("a")


def test_names_are_refused(tmp_path):
    with pytest.raises(WrongKind):
        Parts(tmp_path).reception.check_name("a.exe")
