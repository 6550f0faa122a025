"""Lines of a Mosquitto password file, as `mosquitto_passwd` writes them. Does not keep the file."""

import base64
import hashlib
import secrets

ITERATIONS = 101
"""Mosquitto's own figure: enough, since our passwords are random and not a person's."""


def password_line(user: str, password: str) -> str:
    """Return a user's line: PBKDF2 with SHA-512 and a fresh salt (mosquitto_passwd(1), hash type 7)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    told = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{user}:$7${ITERATIONS}${'$'.join(told)}\n"
