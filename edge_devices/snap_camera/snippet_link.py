"""Puts pictures to `/snippets/ID/` of an API server, ours or a legacy one. Does not take them."""

import base64
import hashlib

import requests

from edge_devices.link_session import CONNECT_SECONDS, read_answer

ANSWER_SECONDS = 30.0
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


class ApiAway(Exception):
    """The server did not answer, or says to come again."""


class PictureRefused(Exception):
    """The server will never take this picture from us."""


class SnippetLink:
    """One API server.

    Args:
        base: such as `http://host:8000`.
        as_form: send a multipart form, as a legacy capture does, instead of the bare picture.
    """

    def __init__(self, base: str, session: requests.Session, *, as_form: bool = False) -> None:
        self._base = base.rstrip("/")
        self._session = session
        self._as_form = as_form

    def put(self, snippet_id: str, name: str, picture: bytes) -> str:
        """Upload a picture and return its sha256, in hex, once the server has it.

        Raises:
            ApiAway: there is use in trying again.
            PictureRefused: there is none.
        """
        request = self._request(f"{self._base}/snippets/{snippet_id}/", name, picture)
        try:
            with self._session.send(
                request, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False, stream=True
            ) as response:
                answer, text = read_answer(response)
        except (requests.RequestException, OSError) as fault:
            raise ApiAway(f"{self._base} did not answer: {type(fault).__name__}") from None
        if response.status_code >= 500 or response.status_code in {408, 429}:
            raise ApiAway(f"{self._base} answered {text}")
        if not response.ok or response.is_redirect:
            raise PictureRefused(f"{self._base} answered {text}")
        digest = hashlib.sha256(picture).hexdigest()
        if answer.get("sha256", digest) != digest:  # a legacy server tells none
            raise ApiAway(f"{self._base} has other bytes: expected sha256 {digest}, got {answer['sha256']}")
        return digest

    def _request(self, url: str, name: str, picture: bytes) -> requests.PreparedRequest:
        kind = TYPES.get("." + name.rpartition(".")[2].lower(), "application/octet-stream")
        if self._as_form:
            request = self._session.prepare_request(
                requests.Request("PUT", url, files={"image": (name, picture, kind)})
            )
        else:
            headers = {"Content-Type": kind}
            request = self._session.prepare_request(requests.Request("PUT", url, data=picture, headers=headers))
        body = request.body
        if isinstance(body, bytes):  # RFC 9530: the digest is of the whole content, the form around it included
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            request.headers["Content-Digest"] = f"sha-256=:{digest}:"
        return request
