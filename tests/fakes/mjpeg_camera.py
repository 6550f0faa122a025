"""A fake HTTP camera that plays multipart/x-mixed-replace. Speaks no other HTTP."""

import base64
import socket

from tests.fakes.cameras import Behaviour, FakeCamera, read_head


class MjpegCamera(FakeCamera):
    """MJPEG over HTTP, as IP cameras and ESP32-CAMs speak it; asks for Basic login when it has one."""

    scheme = "http"
    path = "/video.mjpg"

    def speak(self, peer: socket.socket) -> None:
        head = read_head(peer)
        self.requests.append(head)
        if self.behaviour is Behaviour.MISSING:
            peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if not allowed(self.login, head):
            peer.sendall(
                b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="camera"\r\n'
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return
        peer.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
            b"Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        number = 0
        while True:
            picture = self.jpeg(number)
            peer.sendall(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture))
            peer.sendall(picture + b"\r\n")
            number += 1
            self.pause(1.0 / self.fps)


def allowed(login: str | None, head: str) -> bool:
    """Say whether a request's head carries the camera's Basic login."""
    if login is None:
        return True
    token = base64.b64encode(login.encode()).decode()
    return f"authorization: basic {token}".lower() in head.lower()
