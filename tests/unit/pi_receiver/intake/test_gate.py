"""The gate: who a Pi is, and the one station that it writes to."""

import pytest

from pi_receiver.domain.refusals import Unlisted
from pi_receiver.intake.gate import Gate
from pi_receiver.storage.ledger import Ledger

A, B = "a" * 16, "b" * 16


@pytest.fixture
def ids(tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text(f"{A}\n{B}\n")
    return file


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite3")
    yield made
    made.close()


@pytest.fixture
def gate(ids, ledger):
    return Gate(ids, ledger)


def of(pi_id: str, station: str, **more: str) -> dict[str, str]:
    return {"pi_id": pi_id, "pi_num": station} | more


async def test_the_first_station_of_an_id_is_on_record_and_outlives_a_restart(gate, ids, ledger):
    assert (await gate.admit(of(A, "7"))).station == "7"
    for again in (gate, Gate(ids, ledger)):
        assert again.known(of(A, "7")).station == "7"
        with pytest.raises(Unlisted):
            await again.admit(of(A, "8"))
        with pytest.raises(Unlisted):
            await again.admit(of(B, "7"))


async def test_an_upload_alone_binds_nobody(gate):
    with pytest.raises(Unlisted):
        gate.known(of(A, "7"))
    assert (await gate.admit(of(B, "7"))).station == "7"


async def test_the_list_is_read_again_when_it_changes(gate, ids):
    await gate.admit(of(A, "7"))
    ids.write_text(f"{B},9,a-long-enough-key\n")
    with pytest.raises(Unlisted):
        gate.known(of(A, "7"))
    assert (await gate.admit(of(B, "9", pi_key="a-long-enough-key"))).station == "9"
    for wrong in (of(B, "9"), of(B, "9", pi_key="another-long-key"), of(B, "7", pi_key="a-long-enough-key")):
        with pytest.raises(Unlisted):
            await gate.admit(wrong)


async def test_without_the_list_nobody_is_let_in_and_readiness_says_so(gate, ids):
    await gate.start()
    assert (gate.state().ok, gate.state().detail) == (True, "2 Pis")
    ids.unlink()
    with pytest.raises(Unlisted):
        await gate.admit(of(A, "7"))
    assert (gate.state().ok, gate.state().detail) == (False, "cannot be read")


async def test_overlong_proofs_are_refused_unseen(gate):
    with pytest.raises(Unlisted):
        await gate.admit(of(A, "1" * 201))
