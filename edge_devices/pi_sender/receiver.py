"""The HTTP session with a receiver, and what goes wrong on the way. Knows neither way of sending."""

from collections.abc import Iterable

import requests

from edge_devices.link_session import MOST_ANSWER_BYTES
from edge_devices.pi_sender.identity import Identity

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0
"""A receiver hashes and syncs a large file before it answers."""

TOO_BUSY = {408, 425, 429, 500, 502, 503, 504, 507}


class NotReached(Exception):
    """No connection could be made at all."""


class CutOff(Exception):
    """The connection broke, or the receiver is busy: trying again may help."""


class NotKnown(Exception):
    """The receiver does not know this Pi."""


class Refused(Exception):
    """The receiver will not take this file as it is; `code` is what it answered."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(f"the receiver answered {code}{f': {problem}' if problem else ''}")
        self.code = code


class Receiver:
    """One receiver, as one Pi speaks to it.

    Args:
        base: such as `http://192.168.7.1:3500`.
        answer_seconds: how long to wait for an answer, and for each piece of it.
    """

    def __init__(
        self, base: str, identity: Identity, *, ca_file: str | None = None, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self.base = base
        self._answer_seconds = answer_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor ~/.netrc comes between
        self._session.headers.update(identity.headers)
        if ca_file is not None:
            self._session.verify = ca_file

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        data: "Iterable[bytes] | bytes | None" = None,
    ) -> "Answer":
        """Send a request and return its answer, whatever it says.

        Raises:
            NotReached, CutOff: there is none.
        """
        try:
            with self._session.request(
                method,
                self.base + path,
                headers=headers,
                data=data,
                timeout=(CONNECT_SECONDS, self._answer_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                raw = response.raw.read(MOST_ANSWER_BYTES, decode_content=True)
        except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError) as fault:
            raise NotReached(type(fault).__name__) from None
        except requests.ConnectionError as fault:
            if "NewConnectionError" in repr(fault) or "NameResolutionError" in repr(fault):
                raise NotReached(type(fault).__name__) from None
            raise CutOff("the connection broke") from None
        except (requests.RequestException, OSError, ValueError) as fault:
            raise CutOff(f"no answer: {type(fault).__name__}") from None
        return Answer(response.status_code, raw.decode("utf-8", errors="replace").strip(), dict(response.headers))

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()


class Answer:
    """What a receiver said; header names are compared without case."""

    def __init__(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.status = status
        self.text = text
        self._headers = {name.lower(): value for name, value in headers.items()}

    def header(self, name: str) -> str | None:
        """Return a header, None when there is none."""
        return self._headers.get(name.lower())

    @property
    def problem(self) -> str:
        """What people are told, as far as the receiver tells."""
        told = self.header("Problem") or ""
        return "".join(letter if letter.isprintable() else "?" for letter in told)[:300]
