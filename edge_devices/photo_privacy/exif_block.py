"""What tells an EXIF block in a file, and the error for files in which it cannot be told. Reads no tags."""

import re

EXIF_HEADER = b"Exif\0\0"
# A TIFF header with its usual first offset, or any TIFF header behind a container's name for EXIF.
BLOCK = re.compile(rb"(?:Exif\0\0|EXIF....|eXIf)(?:II\*\0|MM\0\*)|II\*\0\x08\0\0\0|MM\0\*\0\0\0\x08", re.DOTALL)


class NotReadable(ValueError):
    """A file whose parts cannot be told from one another, so that nothing can be taken out of it for certain."""


def refuse_hidden(part: bytes) -> None:
    """Refuse a part of a picture that swallowed an EXIF block, as a damaged length or marker makes it do.

    Raises:
        NotReadable: there is one in it.
    """
    if BLOCK.search(part):
        raise NotReadable("its metadata cannot be told from its picture")
