"""A receiver of Pi files as one would write it with Flask; served by gunicorn, for comparison only.

A one-time channel by `GET /upload`, one multipart file by `POST /upload/<letters>`, saved, then hashed and compared.
Answers the same texts; syncs nothing to the disk, keeps no versions and trusts names after `secure_filename`.
"""

import hashlib
import random
import string
from pathlib import Path

from flask import Flask, request
from werkzeug.utils import secure_filename

KINDS = {"txt", "json", "csv"}


def create(folder: str) -> Flask:
    """Return the application of a folder with `ids.txt` and `received_files`."""
    app = Flask("receiver")
    root = Path(folder)
    ids = set((root / "ids.txt").read_text(encoding="utf-8").split())
    channels: set[str] = set()

    @app.get("/upload")
    def upload() -> str:
        if request.headers.get("pi_id") not in ids:
            return "401"
        letters = "".join(random.choice(string.ascii_letters) for _ in range(20))  # noqa: S311 - as it is usually written
        channels.add(letters)
        return f"301 {letters}"

    @app.post("/upload/<letters>")
    def receive(letters: str) -> str:
        if letters not in channels or request.headers.get("pi_id") not in ids:
            return "401"
        file, checksum = request.files.get("sensor_data_file"), request.headers.get("checksum")
        if file is None or not file.filename or not checksum:
            return "412"
        name = secure_filename(file.filename)
        if name.rpartition(".")[2].lower() not in KINDS:
            return "415"
        station = root / "received_files" / f"station{request.headers['pi_num']}"
        station.mkdir(exist_ok=True)
        file.save(station / name)
        if _digest_of(station / name) != checksum:
            (station / name).unlink()
            return "500"
        (station / f"{name}.sha256").write_text(f"{checksum} {name}\n", encoding="utf-8")
        if request.headers.get("num_files") == "1":
            channels.discard(letters)
        return "200"

    return app


def _digest_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(65_536):
            found.update(data)
    return found.hexdigest()
