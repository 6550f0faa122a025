"""Every command of a device answers `--help` where nothing but its own small libraries can be imported."""

import subprocess
import sys

import pytest

from tests.processes import ROOT

COMMANDS = ["phone", "pi_sender", "snap", "snap_camera"]
BLOCKER = """
import runpy, sys
MAY = {{*sys.stdlib_module_names, "edge_devices", {libraries}}}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in MAY:
            raise ImportError(f"a bare device has no {{name}}")
sys.meta_path.insert(0, Blocker())
sys.argv = ["command", "--help"]
runpy.run_module("edge_devices.{command}", run_name="__main__", alter_sys=True)
"""
# What `requests` brings with it, and what a snap camera or an MQTT device needs.
LIBRARIES = '"requests", "urllib3", "idna", "certifi", "charset_normalizer", "websockets", "paho"'


def run(libraries: str, command: str) -> "subprocess.CompletedProcess[str]":
    source = BLOCKER.format(libraries=libraries, command=command)
    line = [sys.executable, "-c", source]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_helps_on_a_bare_device(command: str) -> None:
    done = run(LIBRARIES, command)
    assert done.returncode == 0, done.stderr
    assert f"python -m edge_devices.{command}" in done.stdout
    assert "exit codes" in done.stdout


def test_the_sender_needs_requests_and_the_standard_library_only() -> None:
    done = run(LIBRARIES.partition(', "websockets"')[0], "pi_sender")
    assert done.returncode == 0, done.stderr
