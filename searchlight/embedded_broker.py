"""An MQTT broker for an embedded run: mosquitto where this machine has it, else amqtt. Does not start it."""

import importlib.util
import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from backbone.errors import Unavailable
from backbone.mosquitto_passwords import password_line
from searchlight.children import Program

START = Path(__file__).resolve().parent.parent / "stack" / "mosquitto" / "start.sh"
GATEWAY, HOME, DEVICE = "searchlight-gateway", "home-assistant", "device"
BROWSED = ["searchlight/#", "homeassistant/#"]
PUBLISH = {
    GATEWAY: ["result/#", *BROWSED],
    HOME: ["homeassistant/status"],
    DEVICE: [f"localCode/{DEVICE}", f"inputCode/{DEVICE}"],
}
SUBSCRIBE = {
    GATEWAY: ["localCode/#", "inputCode/#", "homeassistant/status"],
    HOME: BROWSED,
    DEVICE: [f"result/{DEVICE}", f"result/{DEVICE}/#"],
}


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """What to start, where it will answer, whose binary it is, and who may come in.

    Attributes:
        version: of MQTT that it speaks, as the gateway is told.
        password: the gateway's.
        device: file with the password of the user `device`.
    """

    program: Program
    url: str
    origin: str
    version: str
    password: str
    device: Path


def embedded_broker(folder: Path, *, port: int) -> EmbeddedBroker:
    """Return a loopback-only broker that keeps its data and its users' random passwords in `folder`.

    Raises:
        Unavailable: there is none, with how to mend it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    passwords = {user: _password(folder / f"{user}.password") for user in (GATEWAY, HOME, DEVICE)}
    path = f"{os.defpath}:/usr/sbin:/usr/local/sbin"
    if START.exists() and (shutil.which("mosquitto") or shutil.which("mosquitto", path=path)):
        program, origin, version = _mosquitto(folder, passwords, port), "mosquitto of this machine", "5"
    elif importlib.util.find_spec("amqtt") is not None:
        program, origin, version = _amqtt(folder, passwords, port), "amqtt (MQTT 3.1.1, keeps nothing)", "3.1.1"
    else:
        raise Unavailable(
            "expected mosquitto on PATH or the package amqtt, got neither; mend it with: sudo apt-get install mosquitto"
        )
    url = f"mqtt://127.0.0.1:{port}"
    return EmbeddedBroker(program, url, origin, version, passwords[GATEWAY], folder / f"{DEVICE}.password")


def _mosquitto(folder: Path, passwords: dict[str, str], port: int) -> Program:
    lines = [password_line(user, password) for user, password in passwords.items()]
    _write_private(folder / "passwords", "".join(lines))
    for name in ("data", "work"):
        (folder / name).mkdir(exist_ok=True, mode=0o700)
    environment = {
        "PORT": str(port),
        "BIND": "127.0.0.1",
        "DATA_DIR": str((folder / "data").resolve()),
        "WORK_DIR": str((folder / "work").resolve()),
        "PASSWORDS": str((folder / "passwords").resolve()),
    }
    return Program("broker", ("sh", str(START)), environment)


def _amqtt(folder: Path, passwords: dict[str, str], port: int) -> Program:
    """Return amqtt with the same rights, as far as it knows them; its file takes Argon2 only."""
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415 - comes with amqtt, needed nowhere else

    hasher = Argon2Hasher()
    lines = [f"{user}:{hasher.hash(password)}\n" for user, password in passwords.items()]
    _write_private(folder / "amqtt_passwords", "".join(lines))
    configuration = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {
            "amqtt.plugins.authentication.FileAuthPlugin": {
                "password_file": str((folder / "amqtt_passwords").resolve())
            },
            "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {"publish_acl": PUBLISH, "acl": SUBSCRIBE},
        },
    }
    # JSON is YAML as well, which amqtt reads.
    _write_private(folder / "amqtt.yaml", json.dumps(configuration, indent=2))
    command = (sys.executable, "-c", "from amqtt.scripts.broker_script import main; main()")
    return Program("broker", (*command, "-c", str((folder / "amqtt.yaml").resolve())))


def _password(file: Path) -> str:
    if not file.exists():
        _write_private(file, secrets.token_urlsafe(24))
    return file.read_text(encoding="utf-8").strip()


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
