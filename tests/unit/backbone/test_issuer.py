"""The secrets of a stack: made once, readable by whom they are for, and accepted by the roles' own checks."""

import base64
import hashlib
import stat
from pathlib import Path

import jwt
import pytest

from backbone.errors import NotAllowed
from backbone.issuer import main
from backbone.web.auth import TokenVerifier

MQTT = {"mqtt_passwords", "mqtt_gateway_password", "home-assistant.password"}


def made(folder: Path, *arguments: str) -> dict[str, str]:
    main([str(folder), "--camera", "door", "--camera", "yard", "--node", "pi-4", *arguments])
    return {path.name: path.read_text(encoding="utf-8").strip() for path in folder.iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_run_makes_everything(tmp_path: Path) -> None:
    files = made(tmp_path / "secrets")
    tokens = {"operator.jwt", "orchestrator.jwt", "gateway.jwt", "door.jwt", "yard.jwt", "fleet-pi-4.jwt"}
    assert files.keys() == {"issuer.pem", "public_key.pem", "redis_acl", "redis_url"} | tokens | MQTT


@pytest.mark.parametrize(
    ("file", "subject", "role"),
    [
        ("orchestrator.jwt", "orchestrator", "orchestrator"),
        ("operator.jwt", "operator", "client"),
        ("gateway.jwt", "gateway", "client"),
        ("door.jwt", "door", "processor"),
        ("fleet-pi-4.jwt", "pi-4", "fleet"),
    ],
)
def test_a_token_opens_its_own_door_and_no_other(tmp_path: Path, file: str, subject: str, role: str) -> None:
    files = made(tmp_path / "secrets")
    verifier = TokenVerifier(files["public_key.pem"], "searchlight")
    assert verifier.verify(files[file], role=role).subject == subject
    for other in {"client", "processor", "fleet", "orchestrator"} - {role}:
        with pytest.raises(NotAllowed):
            verifier.verify(files[file], role=other)


def test_a_token_is_for_the_audience_and_days_asked_for(tmp_path: Path) -> None:
    files = made(tmp_path / "secrets", "--audience", "harbour", "--days", "2")
    claims = jwt.decode(files["operator.jwt"], files["public_key.pem"], algorithms=["EdDSA"], audience="harbour")
    assert claims["exp"] - claims["iat"] == 2 * 86_400


def test_only_the_owner_gets_into_the_folder_and_at_what_is_never_mounted(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    files = made(folder)
    assert mode(folder) == 0o700
    closed = {name for name in files if mode(folder / name) == 0o600}
    assert closed == {"issuer.pem", "operator.jwt", "home-assistant.password"}
    assert {mode(folder / name) for name in files.keys() - closed} == {0o644}


def test_a_second_run_replaces_nothing_and_adds_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "secrets"
    before = made(folder)
    assert made(folder) == before
    assert "nothing, all were there" in capsys.readouterr().out
    (folder / "door.jwt").unlink()
    after = made(folder)
    assert "made in" in (told := capsys.readouterr().out)
    assert "door.jwt" in told
    assert {name: text for name, text in after.items() if name != "door.jwt"} == {
        name: text for name, text in before.items() if name != "door.jwt"
    }
    TokenVerifier(before["public_key.pem"], "searchlight").verify(after["door.jwt"], role="processor")


def test_redis_users_hold_the_password_only_as_a_digest(tmp_path: Path) -> None:
    files = made(tmp_path / "secrets")
    password = files["redis_url"].removeprefix("redis://:").removesuffix("@redis:6379/0")
    assert len(password) >= 40
    assert password not in files["redis_acl"]
    assert hashlib.sha256(password.encode()).hexdigest() in files["redis_acl"]


def test_broker_users_hold_passwords_only_as_digests_that_mosquitto_checks(tmp_path: Path) -> None:
    files = made(tmp_path / "secrets")
    lines = dict(line.split(":", 1) for line in files["mqtt_passwords"].splitlines())
    assert lines.keys() == {"searchlight-gateway", "home-assistant"}
    passwords = files["mqtt_gateway_password"], files["home-assistant.password"]
    assert all(len(password) >= 32 and password not in files["mqtt_passwords"] for password in passwords)
    _, kind, iterations, salt, digest = lines["searchlight-gateway"].split("$")
    again = hashlib.pbkdf2_hmac("sha512", passwords[0].encode(), base64.b64decode(salt), int(iterations))
    assert (kind, base64.b64decode(digest)) == ("7", again)
    (tmp_path / "secrets" / "mqtt_gateway_password").unlink()
    with pytest.raises(SystemExit, match="expected all of mqtt_passwords"):
        made(tmp_path / "secrets")


def test_half_of_a_redis_pair_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made(folder)
    (folder / "redis_url").unlink()
    with pytest.raises(SystemExit, match="expected both redis_acl and redis_url"):
        made(folder)


@pytest.mark.parametrize("name", ["../door", "", "a/b", ".hidden", "x" * 65, "door\n"])
def test_a_camera_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit, match="expected a name of"):
        main([str(tmp_path / "secrets"), "--camera", name])
    assert not list(tmp_path.glob("*.jwt"))


def test_nothing_secret_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    files = made(tmp_path / "secrets")
    told = capsys.readouterr().out
    assert not [name for name, text in files.items() if text in told]
