"""JSON logs on standard output: a constant event name, data as fields. Never tokens, payloads, or pictures."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = frozenset(
    {"jwt", "token", "authorization", "cookie", "password", "image", "crop", "feature_map", "jpeg"}
)
_HIDDEN = "(hidden)"


def configure(level: str, *, role: str) -> None:
    """Send this process's logs, the libraries' included, to standard output as one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(role=role)
    handler = logging.StreamHandler(sys.stdout)
    renderer: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderer))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Any: a log event's fields may be anything that JSON can hold."""
    for name in SECRET_FIELDS.intersection(event):
        event[name] = _HIDDEN
    return event
