"""`/view/`, `/register/`, `/receipt-key`: what people and new Pis ask. Changes no file."""

import asyncio
import time
from typing import ClassVar

from tornado.web import RequestHandler

from backbone.errors import BadInput, NotFound
from backbone.web.http import Access, BaseHandler, Route
from pi_receiver.domain.applicants import Applicant, Applicants
from pi_receiver.domain.identities import fingerprint, is_id
from pi_receiver.domain.refusals import FieldMissing
from pi_receiver.intake.gate import Gate
from pi_receiver.intake.legacy_text import LegacyText
from pi_receiver.intake.receipts import ReceiptSigner
from pi_receiver.storage.ledger import Ledger
from pi_receiver.view.pages import station_page, stations_page

MOST_ROWS = 500
NEWEST = 2**62


class StationsHandler(BaseHandler):
    """`GET /view/`: every station, and who asks to be let in."""

    def initialize(self, ledger: Ledger, applicants: Applicants) -> None:
        """Take the collaborators."""
        self._ledger = ledger
        self._applicants = applicants

    async def get(self) -> None:
        """Answer HTML, or JSON where that is asked for."""
        stations, waiting = await asyncio.to_thread(self._ledger.stations), self._applicants.all()
        if not wants_json(self):
            self.finish(stations_page(stations, waiting))
            return
        told = [
            {"station": station, "files": files, "bytes": size, "lastReceivedAt": last}
            for station, files, size, last in stations
        ]
        asking = [
            {"line": f"{one.pi_id},{one.pi_num}", "from": one.address, "askedAt": one.asked_at} for one in waiting
        ]
        self.write_json({"stations": told, "waiting": asking})


class StationHandler(BaseHandler):
    """`GET /view/<station>`: what arrived, when, with which digest; the newest first."""

    def initialize(self, ledger: Ledger) -> None:
        """Take the collaborators."""
        self._ledger = ledger

    async def get(self, station: str) -> None:
        """Answer HTML, or JSON where that is asked for; `?before=` goes on with older files."""
        before = self._number("before", NEWEST, most=NEWEST)
        limit = self._number("limit", MOST_ROWS, most=MOST_ROWS)
        rows = await asyncio.to_thread(self._ledger.of_station, station, before=before, limit=limit)
        if not rows and before == NEWEST:
            raise NotFound(f"expected a station that sent something, got {station[:20]!r}")
        older = rows[-1][0] if len(rows) == limit else None
        files = [one for _, one in rows]
        if not wants_json(self):
            self.finish(station_page(station, files, older))
            return
        told = [
            {
                "file": one.path,
                "name": one.name,
                "version": one.version,
                "size": one.size,
                "sha256": one.sha256,
                "receivedAt": one.received_at,
            }
            for one in files
        ]
        self.write_json({"station": station, "files": told, "before": older})

    def _number(self, name: str, default: int, *, most: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:20]) <= most:
            raise BadInput(f"{name}: expected a number from 1 to {most}, got {text[:20]!a}")
        return int(text)


class RegisterHandler(LegacyText):
    """`/register/`: a Pi that is not listed asks to be let in; only an operator's line in ids.txt does that."""

    def initialize(self, gate: Gate, applicants: Applicants) -> None:
        """Take the collaborators."""
        self._gate = gate
        self._applicants = applicants

    def get(self) -> None:
        """Do as POST does; simple devices only know GET."""
        self.post()

    def post(self) -> None:
        """Answer `200` to a Pi that is listed, `202` to one that waits."""
        pi_id = self.request.headers.get("pi_id", "").strip().lower()
        pi_num = self.request.headers.get("pi_num", "").strip()
        if not is_id(pi_id) or not pi_num.isascii() or not pi_num.isdigit() or len(pi_num) > 9:
            raise FieldMissing("expected the headers pi_id, 16 hex digits, and pi_num, got something else")
        if fingerprint(pi_id) in self._gate.roster().lines:
            self._applicants.let_in(pi_id)
            self.write_text("200")
            return
        self._applicants.ask(Applicant(pi_id, pi_num, self.request.remote_ip or "", time.time()))
        self.set_status(202)
        self.write_text("202")


class ReceiptKeyHandler(BaseHandler):
    """`GET /receipt-key`: the key that receipts are checked with, PEM."""

    access: ClassVar[Access] = Access.OPEN

    def initialize(self, signer: ReceiptSigner) -> None:
        """Take the signer."""
        self._signer = signer

    def get(self) -> None:
        """Answer the key."""
        self.set_header("Content-Type", "application/x-pem-file")
        self.write(self._signer.public_pem)


def wants_json(handler: RequestHandler) -> bool:
    """Return whether a request asks for JSON before HTML."""
    accepted = handler.request.headers.get("Accept", "")
    kinds = [kind.partition(";")[0].strip().lower() for kind in accepted.split(",")]
    return "application/json" in kinds and (
        "text/html" not in kinds or kinds.index("application/json") < kinds.index("text/html")
    )


def routes(ledger: Ledger, gate: Gate, signer: ReceiptSigner) -> list[Route]:
    """Return the paths for people and new Pis; who asks to be let in is known here only."""
    applicants = Applicants()
    return [
        Route("/view/?", StationsHandler, {"ledger": ledger, "applicants": applicants}),
        Route("/view/([0-9]{1,9})", StationHandler, {"ledger": ledger}),
        Route("/register/?", RegisterHandler, {"gate": gate, "applicants": applicants}),
        Route("/receipt-key", ReceiptKeyHandler, {"signer": signer}),
    ]
