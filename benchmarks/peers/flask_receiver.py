"""A receiver of Pi files as one would write it with Flask, in two ways; served by gunicorn, for comparison only.

A one-time channel by `GET /upload`, one multipart file by `POST /upload/<letters>`. Answers the same texts; keeps no
versions and trusts names after `secure_filename`.
"""

import hashlib
import os
import random
import string
from collections.abc import Callable
from pathlib import Path

from flask import Flask, request
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

KINDS = {"txt", "json", "csv"}
Keep = Callable[[FileStorage, Path, str], bool]
"""Stores an uploaded file at a path if its digest is this one; tells whether it is."""


def create(folder: str) -> Flask:
    """Return the usual one: reads the file into memory, hashes it and writes it; syncs nothing."""
    return _created(folder, _keep_whole)


def create_careful(folder: str) -> Flask:
    """Return one as careful as ours with memory and disk: goes through the file in pieces, and syncs it."""
    return _created(folder, _keep_in_pieces)


def _keep_whole(file: FileStorage, path: Path, checksum: str) -> bool:
    data = file.read()
    if hashlib.sha256(data).hexdigest() != checksum:
        return False
    path.write_bytes(data)
    return True


def _keep_in_pieces(file: FileStorage, path: Path, checksum: str) -> bool:
    file.save(path)
    with path.open("rb+") as saved:
        same = hashlib.file_digest(saved, "sha256").hexdigest() == checksum
        if same:
            os.fsync(saved.fileno())
    if not same:
        path.unlink()
    return same


def _created(folder: str, keep: Keep) -> Flask:
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
        if not keep(file, station / name, checksum):
            return "500"
        (station / f"{name}.sha256").write_text(f"{checksum} {name}\n", encoding="utf-8")
        if request.headers.get("num_files") == "1":
            channels.discard(letters)
        return "200"

    return app
