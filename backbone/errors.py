"""The errors that cross a room's border. Not the errors of a single adapter.

SearchlightError
|- BadInput                what came is not what was expected      400
|  |- TooLarge             it is over a stated limit               413
|- NotAuthenticated        no token, or a token that is not valid  401
|- NotAllowed              a valid token without the right         403
|- NotFound                the named thing does not exist          404
|- Conflict                the named thing is held by another      409
|- Unavailable             a dependency or capacity is missing     503
"""


class SearchlightError(Exception):
    """An error with a stable code for machines and a sentence for people.

    Args:
        message: what was expected, what came, and where.
        code: overrides the class's code where a more specific one helps the peer.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class BadInput(SearchlightError):
    """What came is not what was expected; nothing was changed."""

    code = "bad_input"
    status = 400


class TooLarge(BadInput):
    """What came is over a stated limit; nothing was changed."""

    code = "too_large"
    status = 413


class NotAuthenticated(SearchlightError):
    """The peer did not show a valid token; the text never says why one is not valid."""

    code = "not_authenticated"
    status = 401


class NotAllowed(SearchlightError):
    """The peer is known but has no right to this."""

    code = "not_allowed"
    status = 403


class NotFound(SearchlightError):
    """The named thing does not exist."""

    code = "not_found"
    status = 404


class Conflict(SearchlightError):
    """The named thing is held by somebody else."""

    code = "conflict"
    status = 409


class Unavailable(SearchlightError):
    """A dependency is away or a capacity is used up; trying again later may help."""

    code = "unavailable"
    status = 503
