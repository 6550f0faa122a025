"""Makes the secrets of a stack, once: keys, tokens, Redis' password. Checks no token and never replaces a file.

`python -m backbone.issuer DIR --camera ID ... --node ID ... --cloudlet ID ... --phone ID ... --snap ID ...`
leaves in DIR:

    issuer.pem      0600  private half of an Ed25519 key; no container ever sees it
    operator.jwt    0600  token of an operator (role `client`), for people
    public_key.pem  0644  what the roles check tokens with
    ID.jwt          0644  token of the camera ID (role `processor`)
    orchestrator.jwt  0644  token that the orchestrator shows to cloudlets (role `orchestrator`)
    fleet-ID.jwt    0644  token of the fleet agent on the node ID (role `fleet`)
    ID.jwt          0644  token of the cloudlet, phone or snap camera ID (roles `cloudlet`, `phone`, `snap`)
    redis_acl       0644  Redis' users: the password only as SHA-256, and `health`, who may say PING
    redis_url       0644  where Redis is, password included
    gateway.jwt     0644  token that the MQTT gateway shows to the orchestrator (role `client`)
    mqtt_passwords  0644  the broker's users, passwords as PBKDF2
    mqtt_gateway_password    0644  the gateway's at the broker
    home-assistant.password  0600  Home Assistant's at the broker, for people

DIR itself is 0700. That closes every file to the other people of this machine; those with 0644 are mounted one by one
into containers, which run as another user than the one who made them and could not read 0600.
To renew a token, delete its file and run again.
"""

import argparse
import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backbone.mosquitto_passwords import password_line

DAY_SECONDS = 86_400
PRIVATE, MOUNTED = 0o600, 0o644
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Issuer:
    """Makes what is missing in one folder.

    Args:
        folder: made with mode 0700 when it is missing; an existing one is closed to others.
        audience: the `aud` of every token.
        days: how long a token is valid.
    """

    def __init__(self, folder: Path, *, audience: str = "searchlight", days: float = 365) -> None:
        self._folder = folder
        self._audience = audience
        self._days = days
        self.made: list[str] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._key = self._key_pair()

    def token(self, name: str, *, role: str, file: str | None = None, mounted: bool = True) -> None:
        """Make `<name>.jwt`, or `file`: the subject is the name; `mounted` into a container, or for people only.

        Raises:
            ValueError: the name is not fit for a file.
        """
        if _FILE_NAME.fullmatch(name) is None:
            raise ValueError(f"expected a name of 1 to 64 letters, digits, - and _, got {name!r}")
        file = file or f"{name}.jwt"
        if not self._has(file):
            now = int(time.time())
            claims = {"sub": name, "aud": self._audience, "roles": [role], "iat": now}
            claims["exp"] = now + round(self._days * DAY_SECONDS)
            text = jwt.encode(claims, self._key, algorithm="EdDSA")
            self._write(file, text + "\n", MOUNTED if mounted else PRIVATE)

    def redis(self, host: str) -> None:
        """Make Redis' users and its address; one without the other is refused, for they hold the same password.

        Raises:
            ValueError: only one of the two files is there.
        """
        there = [self._has("redis_acl"), self._has("redis_url")]
        if any(there) and not all(there):
            raise ValueError("expected both redis_acl and redis_url or neither, got one: delete it to make new ones")
        if not all(there):
            password = secrets.token_urlsafe(32)
            digest = hashlib.sha256(password.encode()).hexdigest()
            users = (
                f"user default on #{digest} ~* &* +@all",
                "user health on nopass resetkeys resetchannels -@all +ping",
            )
            self._write("redis_acl", "\n".join(users) + "\n", MOUNTED)
            self._write("redis_url", f"redis://:{password}@{host}:6379/0\n", MOUNTED)

    def mqtt(self) -> None:
        """Make the broker's users that belong to the stack; devices get theirs by `make mqtt-user`.

        Raises:
            ValueError: only some of the files are there.
        """
        files = ("mqtt_passwords", "mqtt_gateway_password", "home-assistant.password")
        there = [self._has(file) for file in files]
        if any(there) and not all(there):
            raise ValueError(f"expected all of {', '.join(files)} or none, got some: delete them to make new ones")
        if not all(there):
            gateway, home = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
            users = {"searchlight-gateway": gateway, "home-assistant": home}
            lines = (password_line(user, password) for user, password in users.items())
            self._write("mqtt_gateway_password", gateway + "\n", MOUNTED)
            self._write("home-assistant.password", home + "\n", PRIVATE)
            self._write("mqtt_passwords", "".join(lines), MOUNTED)

    def _key_pair(self) -> Ed25519PrivateKey:
        if self._has("issuer.pem"):
            key = serialization.load_pem_private_key((self._folder / "issuer.pem").read_bytes(), password=None)
            if not isinstance(key, Ed25519PrivateKey):
                raise ValueError("issuer.pem: expected an Ed25519 key, got another kind")
        else:
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            self._write("issuer.pem", pem.decode(), PRIVATE)
        if not self._has("public_key.pem"):
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            self._write("public_key.pem", public.decode(), MOUNTED)
        return key

    def _has(self, file: str) -> bool:
        return (self._folder / file).exists()

    def _write(self, file: str, text: str, mode: int) -> None:
        """Write a whole file or none: a run that is cut off leaves nothing that a later one would keep."""
        unfinished = self._folder / f".{file}.{os.getpid()}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        unfinished.chmod(mode)
        unfinished.rename(self._folder / file)
        self.made.append(file)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing and name it; the secrets themselves are not printed."""
    parser = argparse.ArgumentParser(prog="python -m backbone.issuer", description="Make the secrets of a stack, once.")
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("--camera", action="append", default=[], help="id of a camera that gets a token; repeatable")
    parser.add_argument("--node", action="append", default=[], help="id of a node whose fleet agent gets a token")
    parser.add_argument("--cloudlet", action="append", default=[], help="id of a cloudlet that gets a token")
    parser.add_argument("--phone", action="append", default=[], help="id of a phone that gets a token; repeatable")
    parser.add_argument("--snap", action="append", default=[], help="id of a snap camera that gets a token; repeatable")
    parser.add_argument("--audience", default="searchlight", help="audience of the tokens (default: %(default)s)")
    parser.add_argument("--days", type=float, default=365, help="how long tokens are valid (default: %(default)s)")
    parser.add_argument("--redis-host", default="redis", help="name of Redis' service (default: %(default)s)")
    arguments = parser.parse_args(argv)
    try:
        issuer = Issuer(arguments.folder, audience=arguments.audience, days=arguments.days)
        issuer.token("operator", role="client", mounted=False)
        issuer.token("gateway", role="client")
        issuer.token("orchestrator", role="orchestrator")
        for camera in arguments.camera:
            issuer.token(camera, role="processor")
        for node in arguments.node:
            issuer.token(node, role="fleet", file=f"fleet-{node}.jwt")
        for cloudlet in arguments.cloudlet:
            issuer.token(cloudlet, role="cloudlet")
        for phone in arguments.phone:
            issuer.token(phone, role="phone")
        for device in arguments.snap:
            issuer.token(device, role="snap")
        issuer.redis(arguments.redis_host)
        issuer.mqtt()
    except (OSError, ValueError) as fault:
        sys.exit(f"cannot make the secrets: {fault}")
    sys.stdout.write(f"made in {arguments.folder}: {', '.join(issuer.made) or 'nothing, all were there'}\n")


if __name__ == "__main__":
    main()
