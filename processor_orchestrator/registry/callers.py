"""Which cloudlet a request may speak for. Does not decide who may come in."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from backbone.errors import BadInput, NotAllowed
from backbone.web.guard import LOOPBACK_NAMES
from processor_orchestrator.domain.cloudlet import Caller

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
EPOCH = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
MODEL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def caller_of(
    *,
    ip: str | None,
    port: str | None,
    epoch: str | None,
    address: str,
    vouched: bool,
    model_id: str | None = None,
) -> Caller:
    """Return the cloudlet that a request names.

    Args:
        address: the caller's own.
        vouched: whether it showed a token; without one it can only speak for its own address, so that nobody can
            make us send pictures elsewhere.

    Raises:
        BadInput: a field is missing or malformed.
        NotAllowed: it names another address without a token.
    """
    ip, port = (ip or "").strip(), (port or "").strip()
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65_535):
        raise BadInput(f"cloudPort: expected a port, got {port[:40]!r}")
    if epoch is not None and not EPOCH.fullmatch(epoch):
        raise BadInput(f"epoch: expected up to 64 letters, digits or _.:-, got {epoch[:80]!r}")
    if model_id is not None and not MODEL_ID.fullmatch(model_id):
        raise BadInput(f"modelId: expected up to 128 letters, digits or _.:-, got {model_id[:80]!r}")
    return Caller(_host(ip, address, vouched=vouched), int(port), epoch, model_id)


def plain_address(address: str) -> str:
    """Return an address in the form in which addresses are compared; what is none stays as it is."""
    try:
        return str(_plain(address))
    except ValueError:
        return address


def _host(ip: str, address: str, *, vouched: bool) -> str:
    own = plain_address(address)
    try:
        told = str(_plain(ip))
    except ValueError:
        if not HOST_NAME.fullmatch(ip):
            raise BadInput(f"cloudIP: expected an address, got {ip[:80]!r}") from None
        if vouched:
            return ip
        told = own if ip == "localhost" and own in LOOPBACK_NAMES else ip
    if not vouched and told != own:
        raise NotAllowed(f"cloudIP: expected the caller's own address {own} from a peer without token, got another")
    return told


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Return an address; one that is IPv4 in IPv6's clothes becomes IPv4."""
    known = ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return mapped or known
