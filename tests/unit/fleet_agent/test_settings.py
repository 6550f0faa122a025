"""What a fleet agent can be told, and what it refuses to be told."""

import pytest

from backbone.settings import load
from fleet_agent.settings import Settings

NEEDED = ("--node-id", "pi-3", "--orchestrator-url", "ws://orchestrator:8000/fleet", "--allow-list", "list.toml")


def told(*arguments: str) -> Settings:
    return load(Settings, program="python -m fleet_agent", argv=list(arguments))


def test_its_door_is_on_loopback_and_its_engine_on_the_local_socket():
    settings = told(*NEEDED)
    assert (settings.host, settings.port) == ("127.0.0.1", 9400)
    assert (settings.engine_url, str(settings.devices_dir)) == ("unix:///var/run/docker.sock", "/dev")


def test_the_token_comes_from_a_file_and_is_not_shown(monkeypatch, tmp_path):
    (tmp_path / "jwt").write_text("canary\n")
    monkeypatch.setenv("JWT_FILE", str(tmp_path / "jwt"))
    settings = told(*NEEDED)
    assert settings.jwt is not None
    assert settings.jwt.get_secret_value() == "canary"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (("--node-id", "a b"), "--node-id"),
        (("--node-id", "-x"), "--node-id"),
        (("--node-id", "a" * 64), "--node-id"),
        (("--orchestrator-url", "http://x/fleet"), "--orchestrator-url"),
        (("--engine-url", "tcp://10.0.0.1:2375"), "--engine-url"),
        (("--host", "0.0.0.0"), "PUBLIC_KEY"),
    ],
)
def test_a_fault_is_named_and_ends_with_code_2(changed, named, capsys):
    with pytest.raises(SystemExit) as ended:
        told(*NEEDED, *changed)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_what_is_missing_is_listed_at_once(capsys):
    with pytest.raises(SystemExit):
        told()
    said = capsys.readouterr().err
    assert all(name in said for name in ("--node-id", "--orchestrator-url", "--allow-list"))
