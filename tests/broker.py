"""A real Mosquitto with the stack's own configuration; can be killed and started again on the same data."""

import signal
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from backbone.mosquitto_passwords import password_line
from tests.processes import ROOT, free_port, wait_until

GATEWAY, HOME = "searchlight-gateway", "home-assistant"


class Broker:
    """The broker; every user's password is `of-<user>`."""

    def __init__(self, folder: Path, *users: str, anonymous: bool = False) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        (folder / "work").mkdir()
        self.passwords = folder / "passwords"
        lines = [password_line(user, password_of(user)) for user in (GATEWAY, HOME, *users)]
        self.passwords.write_text("".join(lines), encoding="ascii")
        self._environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin",
            "PORT": str(self.port),
            "BIND": "127.0.0.1",
            "DATA_DIR": str(folder / "data"),
            "WORK_DIR": str(folder / "work"),
            "PASSWORDS": str(self.passwords),
            "ALLOW_ANONYMOUS": "true" if anonymous else "false",
        }
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = ["sh", str(ROOT / "stack/mosquitto/start.sh")]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        wait_until(self._answers, "the broker")

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        probe = mqtt.Client(CallbackAPIVersion.VERSION2)
        probe.username_pw_set(HOME, password_of(HOME))
        try:
            probe.connect("127.0.0.1", self.port, keepalive=60)
        except OSError:
            return False
        deadline = time.monotonic() + 20
        while not probe.is_connected() and time.monotonic() < deadline:
            probe.loop(0.05)
        answered = probe.is_connected()
        probe.disconnect()
        return answered

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=40)

    def reload(self) -> None:
        """Have it read its users again; it does so soon."""
        self._process.send_signal(signal.SIGHUP)

    def listens_at(self) -> set[str]:
        """Return the addresses at which it listens (proc(5), /proc/net/tcp)."""
        inodes = {str(link.readlink()) for link in Path(f"/proc/{self._process.pid}/fd").iterdir()}
        rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}

    def stop(self) -> None:
        """End it as an engine would: it saves what waits."""
        self._process.terminate()
        self._process.wait(timeout=40)


def password_of(user: str) -> str:
    return f"of-{user}"
