"""Asks the servers which cloudlet to use (WIRE section 0, phoneJoinReq). Sends no photos."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from edge_devices.link_session import CONNECT_SECONDS, read_answer

ANSWER_SECONDS = 5.0
DEFAULT_PORT = 8000
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9A-Fa-f:.]{2,45}")

SERVER = re.compile(r"(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?/?")


class ServersAway(Exception):
    """No server answered as one does; the text names each and why."""


class NotLetIn(Exception):
    """A server or a cloudlet wants another token."""


@dataclass(frozen=True)
class Address:
    """Where a cloudlet listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What to post to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def server_urls(text: str) -> list[str]:
    """Return the addresses of servers that are written as host, host:port or URL, separated by commas.

    Raises:
        ValueError: there is none, or one is malformed.
    """
    urls = []
    for written in filter(None, (part.strip() for part in text.split(","))):
        known = re.fullmatch(
            r"(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?/?", written
        )
        if known is None or not 0 < int(known[3] or 1) < 65_536:
            raise ValueError(f"expected host, host:port or http(s)://host:port, got {written[:80]!r}")
        scheme = known[1] or "http"
        port = known[3] or (None if known[1] else DEFAULT_PORT)
        urls.append(f"{scheme}://{known[2]}" + (f":{port}" if port else "") + "/")
    if not urls:
        raise ValueError("expected the address of a server, got none")
    return urls


class ServerLink:
    """A primary server and those that stand in for it; the one that answered last is asked first."""

    def __init__(self, urls: Sequence[str], session: requests.Session) -> None:
        self._urls = list(urls)
        self._session = session

    def join(self, gave_up: Address | None = None) -> Address | None:
        """Return the cloudlet to use; None while none is alive.

        Args:
            gave_up: the cloudlet that did not answer, so that the server does not count on it.

        Raises:
            ServersAway: no server answered.
            NotLetIn: a server wants another token.
        """
        faults = []
        for url in list(self._urls):
            try:
                address = self._ask(url, gave_up)
            except (requests.RequestException, OSError, ValueError) as fault:
                faults.append(f"{url}: {reason_of(fault)}")
                self._urls.append(self._urls.pop(0))
                continue
            return address
        raise ServersAway("; ".join(faults))

    def _ask(self, url: str, gave_up: Address | None) -> Address | None:
        # Legacy servers read every field from a file part, and know no `gaveUp`.
        fields = {"requestType": "phoneJoinReq", "id": "1"}
        if gave_up is not None:
            fields["gaveUp"] = f"{gave_up.host}:{gave_up.port}"
        with self._session.post(
            url,
            files={name: (name, text) for name, text in fields.items()},
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            told, text = read_answer(response)
        if response.status_code in {401, 403}:
            raise NotLetIn(f"{url}: {text}")
        if response.status_code != 200:
            raise ValueError(f"answered {text}")
        return _address(told)


def _address(told: dict[str, object]) -> Address | None:
    host, port = str(told.get("IP", "")), str(told.get("port", ""))
    if host == "-1":
        return None
    if not (HOST.fullmatch(host) and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise ValueError('expected {"IP": ..., "port": ...}, got something else; is it a Searchlight server?')
    return Address(host, int(port))


def reason_of(fault: Exception) -> str:
    """Return what went wrong in few words; requests nests its errors deeply."""
    if isinstance(fault, requests.ConnectTimeout):
        return "does not answer"
    if isinstance(fault, requests.Timeout):
        return "did not answer in time"
    if isinstance(fault, requests.ConnectionError):
        return "refused the connection" if "refused" in str(fault) else "lost the connection"
    return str(fault)[:200]
