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

# Without local variables: they hold tokens and pictures.
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure(level: str, *, role: str) -> None:
    """Send this process's logs, the libraries' included, to standard output as one JSON object a line."""

    def name_role(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["role"] = role
        return event

    shared: list[structlog.typing.Processor] = [
        name_role,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, _tracebacks, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    renderer: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _tracebacks,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderer))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Any: a log event's fields may be anything that JSON can hold."""
    for name in SECRET_FIELDS.intersection(event):
        event[name] = _HIDDEN
    return event
