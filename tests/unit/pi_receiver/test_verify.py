"""The check of what was received: it names each damaged file and no other."""

import hashlib
import io

import pytest

from pi_receiver.storage.store import Whole
from pi_receiver.verify import main, verify
from tests.fakes.receiver_parts import Parts


@pytest.fixture
def parts(tmp_path):
    made = Parts(tmp_path)
    for name in ("a.txt", "b.txt"):
        content = name.encode()
        path, digest = made.store.temporary(), hashlib.sha256(content).hexdigest()
        path.write_bytes(content)
        made.store.keep([Whole(path, made.store.seal_sidecar(digest, name), name, "1", digest, len(content), 5.0)])
    return made


def checked(parts: Parts) -> list[str]:
    """Return what the check writes while the receiver goes on."""
    out = io.StringIO()
    verify(parts.folder, out=out, progress=io.StringIO())
    return out.getvalue().splitlines()


def test_what_is_whole_is_passed_over(parts):
    assert checked(parts) == ["0 damaged of 2 files"]


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "missing"), (b"b.tx", "expected 5 bytes, got 4"), (b"B.txt", "expected sha256 ")],
)
def test_a_damaged_file_is_named(parts, content, told):
    file = parts.folder / "station1" / "b.txt"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    damaged, total = checked(parts)
    assert damaged.startswith(f"damaged station1/b.txt: {told}")
    assert total == "1 damaged of 2 files"


def test_a_digest_beside_it_that_says_something_else_is_damage(parts):
    (parts.folder / "station1" / "b.txt.sha256").write_bytes(b"else")
    assert checked(parts)[0].startswith("damaged station1/b.txt: .sha256 beside it")


def test_where_nothing_was_received_there_is_nothing_to_check(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "expected a folder of received files" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
