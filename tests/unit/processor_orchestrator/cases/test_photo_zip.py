"""The photos of a zip, and a name for them that does not depend on when they were zipped."""

import pytest

from backbone.errors import BadInput
from processor_orchestrator.cases.photo_zip import ZIP_MAGIC, digest_of, photos_in
from tests.fakes.legacy_cloudlet import zip_of


async def test_folders_are_looked_into_and_hidden_names_passed_over():
    raw = zip_of({"anna/a.jpg": b"1", ".hidden.jpg": b"2", "b/a.jpg": b"3"})
    assert raw.startswith(ZIP_MAGIC)
    found = await photos_in(raw)
    assert sorted(found.values()) == [b"1", b"3"]
    assert "a.jpg" in found


async def test_an_empty_zip_holds_nothing_and_no_zip_is_refused():
    assert zip_of({}).startswith(ZIP_MAGIC)
    assert await photos_in(zip_of({})) == {}
    with pytest.raises(BadInput):
        await photos_in(b"PK\x03\x04 no")


def test_the_digest_is_that_of_names_and_contents():
    files = {"a": b"1", "b": b"2"}
    assert digest_of("x", files) == digest_of("x", dict(reversed(files.items())))
    others = [("y", files), ("x", {"a": b"1"}), ("x", {"a": b"2", "b": b"1"}), ("x", {"ab": b"1", "": b"2"})]
    assert len({digest_of(*other) for other in others} | {digest_of("x", files)}) == 5
