"""`/api/session`: lets a page keep its token in a cookie that scripts cannot read."""

import time
from typing import ClassVar

from backbone.errors import BadInput, NotAllowed, NotAuthenticated
from backbone.web.guard import SESSION_COOKIE, Access
from backbone.web.http import BaseHandler, Route
from backbone.wire import strict_json

MAX_BODY = 16 * 1024


def routes() -> list[Route]:
    """Return the path where a browser signs in and out."""
    return [Route("/api/session", SessionHandler)]


class SessionHandler(BaseHandler):
    """Signs a browser in and out."""

    access: ClassVar[Access] = Access.OPEN

    def get(self) -> None:
        """Answer whether a token is needed, and whether a client's came."""
        required = self.guard.verifier is not None
        self.write_json({"authRequired": required, "authenticated": not required or self._is_client()})

    def post(self) -> None:
        """Take a token, check it, and keep it in the browser until it expires."""
        body = strict_json.loads(self.request.body, max_bytes=MAX_BODY)
        token = body.get("jwt") if isinstance(body, dict) else None
        if not isinstance(token, str):
            raise BadInput('expected {"jwt": "..."}, got something else')
        principal = self.guard.authenticate(token, Access.CLIENT)
        if principal is not None:
            self.set_cookie(
                SESSION_COOKIE,
                token,
                expires=principal.expires_at,
                max_age=max(0, int(principal.expires_at - time.time())),
                httponly=True,
                samesite="Strict",
                secure=self.request.protocol == "https",
            )
        self.write_json({"authRequired": self.guard.verifier is not None, "authenticated": True})

    def delete(self) -> None:
        """Forget the token."""
        self.clear_cookie(SESSION_COOKIE)
        self.write_json({"authRequired": self.guard.verifier is not None, "authenticated": False})

    def _is_client(self) -> bool:
        try:
            self.guard.authenticate(self.presented_token(), Access.CLIENT)
        except (NotAuthenticated, NotAllowed):
            return False
        return True
