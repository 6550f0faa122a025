"""Legacy-style servers, cloudlets and phones by behaviour (WIRE section 0): plain HTTP, every field a file part.

They time out after 1 to 3 s, know no manifest, no ids and no identity in a heartbeat, and forget at their end.
"""

import io
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

SERVER_SECONDS, CLOUDLET_SECONDS, PHONE_SECONDS = 1.0, 3.0, 3.0
Fields = dict[str, tuple[str, bytes]]
"""Name of a field -> its file name and content."""
Matcher = Callable[[list[bytes], bytes], bool]
"""Whether a photo shows the person on the photos of a job."""


def ask(url: str, seconds: float, **fields: str | tuple[str, bytes]) -> requests.Response:
    """Send a request as legacy clients do: everything in file parts."""
    return requests.post(url, files=dict(fields), timeout=seconds)


def zip_of(photos: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in photos.items():
            packed.writestr(name, content)
    return out.getvalue()


def photos_in(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        names = [
            name for name in opened.namelist() if not name.endswith("/") and not name.split("/")[-1].startswith(".")
        ]
        return {name: opened.read(name) for name in names}


class Killed(Exception):
    """The peer is gone: no answer is sent."""


class LegacyPeer:
    """An HTTP server on loopback with one method for each requestType; what no method knows is a 404."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(peer) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has its own self
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fields = fields_of(self.headers["Content-Type"], body)
                kind = fields["requestType"][1].decode()
                peer.asked.append(kind)
                action = getattr(peer, "on_" + re.sub("([A-Z])", r"_\1", kind).lower(), None)
                try:
                    status, answer = (404, b"") if action is None else action(fields)
                except Killed:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_told: Any) -> None:
                """Stay quiet."""

        return Handler


def fields_of(content_type: str, body: bytes) -> Fields:
    """Return the file parts only: a plain argument is invisible to a legacy peer."""
    told = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in told.get_payload():
        assert not isinstance(part, str)
        name = part.get_param("name", header="content-disposition")
        filename = part.get_filename()
        if filename is not None:
            fields[str(name)] = (filename, bytes(part.get_payload(decode=True) or b""))
    return fields


class LegacyServer(LegacyPeer):
    """Keeps a roster and jobs, pushes jobs to cloudlets, keeps the zips of matches."""

    def __init__(self) -> None:
        self.phones: dict[str, int] = {}
        self.jobs: dict[str, bytes] = {}
        self.matches: list[tuple[str, bytes]] = []
        self.heartbeats = 0
        super().__init__()

    def open_job(self, name: str, photos: Mapping[str, bytes]) -> None:
        self.jobs[name] = zip_of(photos)
        for cloudlet in list(self.phones):
            self._push(cloudlet, name)

    def close_job(self, name: str) -> None:
        del self.jobs[name]
        for cloudlet in list(self.phones):
            ask(f"http://{cloudlet}", SERVER_SECONDS, requestType="deleteJob", jobName=name)

    def _push(self, cloudlet: str, name: str) -> None:
        zipped = (f"{name}.zip", self.jobs[name])
        try:
            ask(f"http://{cloudlet}", SERVER_SECONDS, requestType="newJob", zip=zipped)
        except requests.RequestException:
            self.phones.pop(cloudlet, None)

    def on_cloud_join_req(self, fields: Fields) -> tuple[int, bytes]:
        assert fields["id"][1] == b"1"
        self.phones[_key(fields)] = 0
        return 200, b""

    def on_get_jobs(self, fields: Fields) -> tuple[int, bytes]:
        key, names = _key(fields), list(self.jobs)
        threading.Thread(target=lambda: [self._push(key, name) for name in names], daemon=True).start()
        return 200, b""

    def on_heartbeat(self, _fields: Fields) -> tuple[int, bytes]:
        self.heartbeats += 1
        return 200, b""

    def on_match(self, fields: Fields) -> tuple[int, bytes]:
        name, zipped = fields["zip"]
        with self.lock:
            self.matches.append((name.removesuffix(".zip"), zipped))
        return 200, b""

    def on_phone_join_req(self, _fields: Fields) -> tuple[int, bytes]:
        with self.lock:
            if not self.phones:
                return 200, b'{"IP": "-1", "port": "-1"}'
            chosen = min(self.phones, key=lambda key: self.phones[key])
            self.phones[chosen] += 1
        ip, _, port = chosen.rpartition(":")
        return 200, f'{{"IP": "{ip}", "port": "{port}"}}'.encode()

    def on_phone_leave_req(self, fields: Fields) -> tuple[int, bytes]:
        with self.lock:
            self.phones[_key(fields)] = max(0, self.phones.get(_key(fields), 0) - 1)
        return 200, b""


def _key(fields: Fields) -> str:
    return f"{fields['cloudIP'][1].decode()}:{fields['cloudPort'][1].decode()}"


class LegacyCloudlet(LegacyPeer):
    """Compares photos with its jobs while the phone waits, and sends what matched to a server.

    Args:
        servers: primary and secondary; the other one is asked when one fails.
        matches: stands in for face matching.

    While `works` is cleared, phones wait in the middle of their upload.
    """

    def __init__(self, servers: list[str], matches: Matcher, *, heartbeat: float = 0.5) -> None:
        self._servers = list(servers)
        self._matches = matches
        self._heartbeat = heartbeat
        self._ended = threading.Event()
        self.jobs: dict[str, list[bytes]] = {}
        self.works = threading.Event()
        self.works.set()
        self._killed = False
        super().__init__()

    def kill(self) -> None:
        """Die with requests under way: their photos are compared with nothing and nobody gets an answer."""
        self._killed = True
        self.close()
        self.works.set()

    def start(self) -> None:
        """Join, ask for jobs, and keep the heart beating."""
        self._tell(requestType="cloudJoinReq", id="1", **self._place)
        self._tell(requestType="getJobs", **self._place)
        threading.Thread(target=self._beat, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        super().close()

    @property
    def _place(self) -> dict[str, str]:
        return {"cloudIP": "127.0.0.1", "cloudPort": str(self.port)}

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat):
            self._tell(requestType="heartbeat")

    def _tell(self, **fields: str | tuple[str, bytes]) -> None:
        for _ in self._servers:
            try:
                if ask(self._servers[0], CLOUDLET_SECONDS, **fields).ok:
                    return
            except requests.RequestException:
                pass
            self._servers.append(self._servers.pop(0))

    def on_new_job(self, fields: Fields) -> tuple[int, bytes]:
        name, zipped = fields["zip"]
        self.jobs[name.removesuffix(".zip")] = list(photos_in(zipped).values())
        return 200, b""

    def on_delete_job(self, fields: Fields) -> tuple[int, bytes]:
        return (404, b"") if self.jobs.pop(fields["jobName"][1].decode(), None) is None else (200, b"")

    def on_new_photos(self, fields: Fields) -> tuple[int, bytes]:
        self.works.wait()
        if self._killed:
            raise Killed
        photos = photos_in(fields["zip"][1])
        for name, sought in list(self.jobs.items()):
            found = {photo: content for photo, content in photos.items() if self._matches(sought, content)}
            if found:
                self._tell(requestType="match", zip=(f"{name}.zip", zip_of(found)))
        return 200, b""

    def on_leave(self, _fields: Fields) -> tuple[int, bytes]:
        self._tell(requestType="phoneLeaveReq", **self._place)
        return 200, b""


def legacy_phone(server: str, photos: Mapping[str, bytes], *, patience: float = 60) -> None:
    """Join, send all photos in one zip, leave."""
    deadline = time.monotonic() + patience
    while (told := ask(server, PHONE_SECONDS, requestType="phoneJoinReq", id="1").json())["IP"] == "-1":
        assert time.monotonic() < deadline, "no cloudlet is alive"
        time.sleep(0.1)
    cloudlet = f"http://{told['IP']}:{told['port']}"
    sent = ask(cloudlet, PHONE_SECONDS, requestType="newPhotos", zip=("photos.zip", zip_of(photos)))
    assert sent.status_code in {200, 202}, sent.text
    assert ask(cloudlet, PHONE_SECONDS, requestType="leave").ok


@contextmanager
def running(peer: LegacyPeer) -> Iterator[Any]:
    """Close a peer at the end of a `with` block."""
    try:
        yield peer
    finally:
        peer.close()
