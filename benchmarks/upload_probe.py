"""Asks a receiver everything that the legacy protocol answers; measures nothing."""

import hashlib
import http.client
from collections.abc import Mapping

BOUNDARY = "----upload-probe-boundary"
PI = {"pi_id": f"{1:016x}", "pi_num": "1"}


def answers(port: int, content: bytes) -> dict[str, str]:
    """Return the text of each answer: what is taken, and each refusal."""
    digest = hashlib.sha256(content).hexdigest()
    whole = PI | {"num_files": "9", "checksum": digest}
    letters = _ask(port, "GET", "/upload", PI)
    where = f"/upload/{letters.split()[1]}"
    without = {name: value for name, value in whole.items() if name != "checksum"}
    stranger = {"pi_id": "f" * 16, "pi_num": "1"}
    return {
        "channel": f"{letters.split()[0]} {len(letters.split()[1])}",
        "stranger": _ask(port, "GET", "/upload", stranger),
        "taken": _ask(port, "POST", where, whole, ("a.csv", content)),
        "another": _ask(port, "POST", where, whole, ("b.txt", content)),
        "unknown channel": _ask(port, "POST", f"/upload/{'x' * 20}", whole, ("c.csv", content)),
        "wrong suffix": _ask(port, "POST", where, whole, ("c.exe", content)),
        "no checksum": _ask(port, "POST", where, without, ("c.csv", content)),
        "flipped": _ask(port, "POST", where, whole, ("c.csv", content[:-1] + b"?")),
    }


def _ask(port: int, method: str, path: str, headers: Mapping[str, str], file: tuple[str, bytes] | None = None) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body, sent = b"", dict(headers)
    if file is not None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="sensor_data_file"; filename="{file[0]}"\r\n\r\n'
        body = head.encode() + file[1] + f"\r\n--{BOUNDARY}--\r\n".encode()
        sent["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    connection.request(method, path, body=body or None, headers=sent)
    text = connection.getresponse().read().decode()
    connection.close()
    return text
