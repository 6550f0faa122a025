"""Keys and tokens as an identity provider would make them, and as a forger would."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AUDIENCE = "searchlight"


@dataclass(frozen=True)
class Key:
    """A key pair; `public` and `private` are PEM texts."""

    algorithm: str
    private: str
    public: str


@cache
def key(algorithm: str, name: str = "ours") -> Key:
    """Return the key of that name, always the same within one run."""
    match algorithm[:2]:
        case "RS":
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "ES":
            private = ec.generate_private_key(ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1())
        case _:
            private = ed25519.Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(algorithm, secret.decode(), public.decode())


def claims(**changed):
    """Return the claims of a good client; None takes one away."""
    good = {"sub": "anna", "aud": AUDIENCE, "exp": time.time() + 600, "roles": ["client"]}
    return {name: value for name, value in (good | changed).items() if value is not None}


def token(made_by: Key | None = None, **changed) -> str:
    signer = made_by or key("ES256")
    return jwt.encode(claims(**changed), signer.private, algorithm=signer.algorithm)


def unsigned(**changed) -> str:
    """Return a token with alg=none."""
    return jwt.encode(claims(**changed), None, algorithm="none")


def signed_with_the_public_key(signer: Key, **changed) -> str:
    """Return a token signed with HS256 and the public key as the secret, which a library makes only by hand."""
    head = part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims(**changed))
    seal = hmac.new(signer.public.encode(), head.encode(), hashlib.sha256).digest()
    return head + "." + encoded(seal)


def part(value: object) -> str:
    return encoded(json.dumps(value).encode())


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
