"""What a receiver can be told, and what `--help` keeps quiet about."""

import pytest

from backbone.settings import load
from pi_receiver.settings import Settings


def settings(*flags: str) -> Settings:
    return load(Settings, program="pi_receiver", argv=list(flags))


def test_help_does_not_tell_of_what_is_for_tests_only(capsys):
    with pytest.raises(SystemExit):
        settings("--help")
    told = capsys.readouterr().out
    assert "--claim-minutes" in told
    for quiet in ("--fault", "--test-mode", "test mode"):
        assert quiet not in told


def test_faults_are_taken_all_the_same_but_in_test_mode_only(capsys):
    assert settings("--fault", "before_fsync:0.5", "--test-mode").fault == "before_fsync:0.5"
    with pytest.raises(SystemExit):
        settings("--fault", "before_fsync:0.5")
    assert "TEST_MODE=1" in capsys.readouterr().err


def test_suffixes_are_plain_words_and_never_that_of_a_digest():
    assert settings("--suffixes", ".TXT, jpg").suffix_set() == {"txt", "jpg"}
    for wrong in ("sha256", "t/xt", ",", ""):
        with pytest.raises(SystemExit):
            settings("--suffixes", wrong)


def test_videos_are_looked_through_only_where_workers_see_them(tmp_path):
    with pytest.raises(SystemExit):
        settings("--orchestrator-url", "http://127.0.0.1:8000")
    told = settings("--orchestrator-url", "http://127.0.0.1:8000/", "--footage-folder", str(tmp_path))
    assert told.orchestrator_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://127.0.0.1/path", "http://"])
def test_a_peer_is_named_by_its_address_alone(url):
    with pytest.raises(SystemExit):
        settings("--cloudlet-url", url)
