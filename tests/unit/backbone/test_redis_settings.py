import pytest

from backbone.redis_settings import RedisKeys, RedisSettings
from backbone.settings import load


def read(*flags):
    return load(RedisSettings, program="test", argv=list(flags))


def test_under_the_default_prefix_keys_are_what_they_always_were(monkeypatch):
    monkeypatch.delenv("REDIS_PREFIX", raising=False)
    keys = read().redis_keys
    assert (keys.key("blob:1"), keys.name(b"blob:1")) == ("blob:1", "blob:1")
    assert (keys.job_id("snap-1"), keys.task_id("snap-1")) == ("snap-1", "snap-1")


def test_under_another_prefix_every_key_begins_with_it(monkeypatch):
    monkeypatch.setenv("REDIS_PREFIX", "north.1")
    keys = read().redis_keys
    assert (keys.key("blob:1"), keys.name(b"north.1:blob:1")) == ("north.1:blob:1", "blob:1")
    assert keys.task_id(keys.job_id("snap-1")) == "snap-1"


def test_no_two_installations_have_the_same_job():
    ids = {RedisKeys(prefix).job_id(task) for prefix in ("searchlight", "a", "a-b", "a.b") for task in ("c", "b-c")}
    assert len(ids) == 8


@pytest.mark.parametrize("prefix", ["", "a b", "a:b", "a*", "é", "x" * 41])
def test_a_prefix_that_could_be_taken_for_something_else_is_refused(prefix, capsys):
    with pytest.raises(SystemExit):
        read("--redis-prefix", prefix)
    assert "--redis-prefix (REDIS_PREFIX)" in capsys.readouterr().err
