"""The HTTP session of a device: a token where there is one, short answers only. Follows no redirects."""

import json

import requests
from requests.auth import AuthBase

CONNECT_SECONDS = 3.0
MOST_ANSWER_BYTES = 64 * 1024


class Bearer(AuthBase):
    """Shows a token; as an auth object, so that no ~/.netrc takes its place."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token to a request."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session(token: str | None) -> requests.Session:
    """Return a session that shows `token`."""
    session = requests.Session()
    session.auth = Bearer(token)
    return session


def read_answer(response: requests.Response) -> tuple[dict[str, object], str]:
    """Return an answer's JSON object, empty when it is none, and a text for people; reads no more than 64 KiB."""
    raw = response.raw.read(MOST_ANSWER_BYTES, decode_content=True)
    text = raw.decode("utf-8", errors="replace")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        return {}, f"{response.status_code} {text.strip()[:200]}".strip()
    why = told.get("detail") or told.get("message") or told.get("error") or told.get("title") or ""
    return told, f"{response.status_code} {str(why)[:200]}".strip()
