import io
import zipfile
from pathlib import Path

import pytest

from edge_devices.phone.photo_files import MOST_PHOTO_BYTES, NotSendable, Photo, find_photos, read_photo
from edge_devices.phone.zip_batches import batches_of
from tests.fakes import heic_photo
from tests.unit.edge_devices.photos import jpeg, secrets


def photos(*sizes: int) -> list[Photo]:
    return [Photo(Path(f"{number}.jpg"), bytes(size)) for number, size in enumerate(sizes)]


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_batch_ends_before_it_grows_too_large() -> None:
    batches = list(batches_of(photos(4, 4, 4, 20, 1), most_bytes=10))
    assert [len(batch.paths) for batch in batches] == [2, 1, 1, 1]
    assert len({batch.id for batch in batches}) == 4


def test_a_batch_ends_before_it_has_too_many_entries() -> None:
    assert [len(batch.paths) for batch in batches_of(photos(1, 1, 1), most_photos=2)] == [2, 1]


def test_batches_are_made_one_at_a_time() -> None:
    read = []

    def reading():
        for photo in photos(6, 6, 6, 6):
            read.append(photo)
            yield photo

    next(batches_of(reading(), most_bytes=10))
    assert len(read) == 2


def test_names_are_safe_single_and_never_hidden() -> None:
    odd = [".hidden.jpg", "a b/../c.jpg", "IMG.JPG", "img.jpg", "ü" * 300 + ".png", "..."]
    [batch] = batches_of([Photo(Path("folder") / name, b"x") for name in odd])
    packed = names(batch.content)
    assert packed == ["hidden.jpg", "c.jpg", "IMG.JPG", "img-2.jpg", "_.png", "photo"]


def test_folders_are_looked_through_and_hidden_files_are_not_sent(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "b/a/1.png", "b/.3.jpg", "b/notes.txt", "4.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_photos([tmp_path / "4.webp", tmp_path / "b"])
    assert [path.name for path in found] == ["4.webp", "2.JPG", "1.png"]


def test_a_photo_is_cleaned_unless_its_position_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    assert not [secret for secret in secrets() if secret in read_photo(path, with_location=False).content]
    assert read_photo(path, with_location=True).content == jpeg()


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"GIF89a", "no JPEG"), (b"\xff\xd8\xff\xd9", "damaged"), (None, "No such file"), ("huge", "a cloudlet takes 25")],
)
def test_what_no_cloudlet_takes_stays_here_with_a_reason(tmp_path: Path, content: bytes | str | None, why: str) -> None:
    path = tmp_path / "a.jpg"
    if content == "huge":
        with path.open("wb") as sparse:
            sparse.truncate(MOST_PHOTO_BYTES + 1)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(NotSendable, match=why):
        read_photo(path, with_location=False)


@pytest.mark.parametrize("content", [heic_photo.PHOTO, heic_photo.container(b"mif1", b"heic")])
def test_a_heic_photo_leaves_with_its_position_or_not_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.HEIC"
    path.write_bytes(content)
    assert list(find_photos([tmp_path])) == [path]
    with pytest.raises(NotSendable, match="HEIC: its position cannot be taken out here; --with-location"):
        read_photo(path, with_location=False)
    assert read_photo(path, with_location=True).content == content


def test_an_avif_picture_is_no_heic_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic_photo.container(b"avif", b"mif1", b"heic"))
    with pytest.raises(NotSendable, match="no JPEG, PNG, WebP or HEIC"):
        read_photo(path, with_location=True)
