"""A Pi with a folder of logs that are sent by our sender's command."""

import os
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT


class SendingPi:
    """A Pi with a folder of logs."""

    def __init__(self, home: Path, pi_id: str) -> None:
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir()
        self.secret(f"secret='{pi_id}'\n")

    def secret(self, text: str) -> None:
        (self.home / "secret.py").write_text(text)

    def write(self, name: str, content: bytes = b"1,2\n") -> bytes:
        file = self.logs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return content

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "edge_devices.pi_sender", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.home, env=environment, text=True, stdout=pipe, stderr=pipe)

    def send(self, to: str, *more: str) -> tuple[int, str, str]:
        running = self.command(to, "logs", *more)
        out, told = running.communicate(timeout=90)
        return running.returncode, out, told

    @property
    def waiting(self) -> list[str]:
        return names(self.logs)

    @property
    def sent(self) -> list[str]:
        return names(self.home / "sent_files")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
