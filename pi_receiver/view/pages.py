"""The pages of `/view/` for people: plain HTML, everything that a Pi said escaped. Reads nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from pi_receiver.domain.applicants import Applicant
from pi_receiver.storage.ledger import Received

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><h1>{title}</h1>
{body}
</body></html>
"""


def stations_page(stations: Sequence[tuple[str, int, int, float]], waiting: Sequence[Applicant]) -> str:
    """Return the page of all stations, and of the Pis that ask to be let in."""
    rows = [
        (f'<a href="/view/{escape(station)}">{escape(station)}</a>', str(files), f"{size:,}", _time(last))
        for station, files, size, last in stations
    ]
    body = _table(("station", "files", "bytes", "last file"), rows) if rows else "<p>Nothing has arrived yet.</p>"
    if waiting:
        asked = [(escape(f"{one.pi_id},{one.pi_num}"), escape(one.address), _time(one.asked_at)) for one in waiting]
        body += "\n<h2>Asking to be let in</h2>\n<p>To let one in, add its line to ids.txt.</p>\n"
        body += _table(("line", "from", "asked"), asked)
    return _PAGE.format(title="Received files", body=body)


def station_page(station: str, files: Sequence[Received], older: int | None) -> str:
    """Return the page of one station, the newest file first; `older`: number that further files are below."""
    rows = [
        (_time(one.received_at), escape(one.path), f"{one.size:,}", f"<code>{one.sha256}</code>", escape(one.name))
        for one in files
    ]
    body = _table(("arrived", "file", "bytes", "sha256", "sent as"), rows)
    if older is not None:
        body += f'\n<p><a href="/view/{escape(station)}?before={older}">older</a></p>'
    return _PAGE.format(title=f"Station {escape(station)}", body=body)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    head = "".join(f"<th>{head}</th>" for head in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
