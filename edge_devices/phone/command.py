"""`python -m edge_devices.phone [SERVER] PHOTO...`: one visit at the cloudlets, told as it goes; the exit code."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge_devices.link_session import new_session
from edge_devices.phone.cloudlet_link import BatchRefused, CloudletLink
from edge_devices.phone.options import PhoneOptions, read_options
from edge_devices.phone.photo_files import NotSendable, Photo, find_photos, read_photo
from edge_devices.phone.progress import Progress
from edge_devices.phone.sender import NobodyTakes, Sender
from edge_devices.phone.server_link import NotLetIn, ServerLink
from edge_devices.phone.zip_batches import Batch, batches_of


def main() -> None:
    """Send the photos that the arguments name; the exit code says whether all were accepted."""
    sys.exit(run(read_options()))


def run(options: PhoneOptions) -> int:
    """Send photos and return 0 when a cloudlet accepted all of them, else 1."""
    paths = list(find_photos(options.photos))
    progress = Progress(len(paths))
    session = new_session(options.token)
    sender = Sender(
        ServerLink(options.servers, session),
        lambda address: CloudletLink(address, session),
        progress,
        patience=options.patience,
        with_location=options.with_location,
    )
    accepted = 0
    try:
        for batch in batches_of(_sendable(paths, progress, with_location=options.with_location)):
            accepted += _deliver(sender, batch, progress)
    except (NobodyTakes, NotLetIn) as fault:
        progress.note(f"stopped: {fault}")
    except KeyboardInterrupt:
        progress.note("stopped by you")
    finally:
        sender.leave()
        progress.end()
    print(f"{accepted} of {len(paths)} photos accepted")
    return 0 if paths and accepted == len(paths) else 1


def _sendable(paths: Iterable[Path], progress: Progress, *, with_location: bool) -> Iterator[Photo]:
    """Yield the photos that a cloudlet would take; tell of the others."""
    for path in paths:
        try:
            yield read_photo(path, with_location=with_location)
        except NotSendable as fault:
            progress.refused(str(path), str(fault))


def _deliver(sender: Sender, batch: Batch, progress: Progress) -> int:
    """Send a batch and return how many of its photos were accepted."""
    try:
        sender.deliver(batch)
    except BatchRefused as fault:
        for path in batch.paths:
            progress.refused(str(path), f"the cloudlet refused its batch: {fault}")
        return 0
    progress.accepted(batch)
    return len(batch.paths)
