"""Reads the multipart body of a legacy upload piece by piece; the file goes to the disk, all else is small.

Called from worker threads, one piece at a time. Compares no digest.
"""

from collections.abc import Callable

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from backbone.errors import BadInput, TooLarge
from pi_receiver.domain.checksums import MOST_TEXT
from pi_receiver.domain.refusals import FieldMissing
from pi_receiver.storage.incoming import Incoming

FILE, CHECKSUM = "sensor_data_file", "checksum"
MOST_PARTS = 16


class FormReader:
    """One form.

    Args:
        content_type: of the request.
        receive: takes the file's name, checks it and opens the file.
    """

    def __init__(self, content_type: str, receive: Callable[[str], Incoming]) -> None:
        self._receive = receive
        self._checksum = bytearray()
        self._part = ""
        self.incoming: Incoming | None = None
        self.name = ""
        self._parser = _parser(content_type)

    def feed(self, data: bytes) -> None:
        """Take a piece of the body.

        Raises:
            BadInput: it is no form, or one with too much in it.
            NoSpace, Unavailable: the file cannot be kept.
        """
        try:
            for event in self._parser.parse(data):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event:
                    self._take(bytes(event))
        except ParserLimitReached as fault:
            raise TooLarge(f"form: {fault}") from None
        except MultipartError as fault:
            raise BadInput(f"expected a multipart body, got: {fault}", code="bad_multipart") from None

    def _begin(self, part: MultipartSegment) -> None:
        self._part = part.name or ""
        if self._part != FILE:
            return
        if self.incoming is not None:
            raise BadInput(f"{FILE}: expected one file, got several")
        if not part.filename:
            raise FieldMissing(f"{FILE}: expected a file with its name, got none")
        # The parser takes a path like C:\x\a.txt for a.txt: names are not cleaned here.
        head = str(part.header("Content-Disposition", "")).replace('\\"', "")
        self.name = f"\\{part.filename}" if "\\" in head else part.filename
        self.incoming = self._receive(self.name)

    def _take(self, data: bytes) -> None:
        if self._part == FILE and self.incoming is not None:
            self.incoming.write(data)
        elif self._part == CHECKSUM:
            self._checksum += data
            if len(self._checksum) > MOST_TEXT:
                raise TooLarge(f"{CHECKSUM}: expected at most {MOST_TEXT} bytes, got more")

    def finish(self) -> tuple[str, Incoming]:
        """Return the text of the part `checksum`, empty when there was none, and the file.

        Raises:
            BadInput: the form is not whole.
            FieldMissing: there was no file in it.
        """
        try:
            self._parser.close()
        except MultipartError as fault:
            raise BadInput(f"expected a whole multipart body, got: {fault}", code="bad_multipart") from None
        if self.incoming is None:
            raise FieldMissing(f"{FILE}: expected a file, got none")
        return self._checksum.decode(errors="replace"), self.incoming

    def discard(self) -> None:
        """Take away what was written."""
        if self.incoming is not None:
            self.incoming.discard()


def _parser(content_type: str) -> PushMultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise FieldMissing(f"{FILE}: expected a multipart/form-data body, got {content_type[:60]!a}")
    try:
        return PushMultipartParser(options["boundary"], max_segment_count=MOST_PARTS)
    except MultipartError as fault:
        raise BadInput(f"expected a multipart boundary, got: {fault}", code="bad_multipart") from None
