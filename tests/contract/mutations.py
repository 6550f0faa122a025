"""Messages that are almost right: the golden corpus, damaged by bytes and by meaning."""

import random

from tests.contract.corpus import NAMES, golden

CORPUS = [golden(name) for name in NAMES]
JSON_TOKENS = """NaN -Infinity 1e999 null true [] {} "" -0 0.1e-9 9223372036854775808 -1
"type" "start" "objectId" "\\ud800" "\\u0000" """
BYTE_TOKENS = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b'"', b"\\", b",", b":"]
LONG_TOKENS = [b"9" * 400, b"[" * 40, b'{"a":' * 40]
TOKENS = [*(token.encode() for token in JSON_TOKENS.split()), *BYTE_TOKENS, *LONG_TOKENS]


def mutated(draw: random.Random) -> bytes:
    """Return one message of the corpus after one to four damages."""
    raw = draw.choice(CORPUS)
    for _ in range(draw.randint(1, 4)):
        raw = draw.choice(DAMAGES)(raw, draw)
    return raw


def flipped(raw: bytes, draw: random.Random) -> bytes:
    if not raw:
        return raw
    place = draw.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << draw.randrange(8))]) + raw[place + 1 :]


def replaced(raw: bytes, draw: random.Random) -> bytes:
    first, last = sorted(draw.randrange(len(raw) + 1) for _ in range(2))
    return raw[:first] + draw.choice(TOKENS) + raw[last:]


def inserted(raw: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(raw) + 1)
    return raw[:place] + draw.choice(TOKENS) + raw[place:]


def cut(raw: bytes, draw: random.Random) -> bytes:
    first, last = sorted(draw.randrange(len(raw) + 1) for _ in range(2))
    return raw[:first] + raw[last:]


def repeated(raw: bytes, draw: random.Random) -> bytes:
    first, last = sorted(draw.randrange(len(raw) + 1) for _ in range(2))
    return (raw[:last] + raw[first:last] * draw.randint(1, 30) + raw[last:])[:40_000]


def joined(raw: bytes, draw: random.Random) -> bytes:
    other = draw.choice(CORPUS)
    return raw[: draw.randrange(len(raw) + 1)] + other[draw.randrange(len(other)) :]


def exchanged(raw: bytes, draw: random.Random) -> bytes:
    """Exchange one value for a token, and leave the rest valid."""
    parts = raw.split(b":")
    place = draw.randrange(len(parts))
    end = parts[place].rfind(b",")
    parts[place] = draw.choice(TOKENS) + (parts[place][end:] if end >= 0 else b"")
    return b":".join(parts)


DAMAGES = [flipped, replaced, inserted, cut, repeated, joined, exchanged]
