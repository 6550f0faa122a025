import subprocess
import sys
from pathlib import Path

import pytest

from edge_devices.phone.options import read_options
from edge_devices.phone.server_link import Address, server_urls
from tests.processes import ROOT

BLOCKER = """
import sys
ALLOWED = {*sys.stdlib_module_names, "edge_devices", "requests", "urllib3", "charset_normalizer", "chardet", "idna",
           "certifi", "websockets",
           "simplejson", "socks", "brotli", "brotlicffi", "zstandard", "OpenSSL", "cryptography", "_cffi_backend"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
import pkgutil, importlib, edge_devices
for module in pkgutil.walk_packages(edge_devices.__path__, "edge_devices."):
    if ".offload" not in module.name and "__main__" not in module.name:
        importlib.import_module(module.name)
try:
    import msgspec
except ModuleNotFoundError:
    print("blocked")
"""


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ("10.0.0.1", ["http://10.0.0.1:8000/"]),
        ("camp.local:9000", ["http://camp.local:9000/"]),
        ("https://a.example, http://b:81/", ["https://a.example/", "http://b:81/"]),
        ("[::1]:8001", ["http://[::1]:8001/"]),
    ],
)
def test_servers_may_be_written_in_many_ways(written: str, urls: list[str]) -> None:
    assert server_urls(written) == urls


@pytest.mark.parametrize("written", ["", ",", "ftp://a", "a:0", "a:99999", "http://u:p@a", "a/b", "a b"])
def test_a_malformed_server_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        server_urls(written)


def test_ipv6_addresses_are_bracketed() -> None:
    assert Address("::1", 9000).url == "http://[::1]:9000/"


def test_the_first_argument_is_the_server_unless_the_environment_names_one(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.touch()
    named = {"SEARCHLIGHT_SERVER": "b,c:9"}
    assert read_options(["a", str(photo)], {}).servers == ("http://a:8000/",)
    assert read_options([str(photo)], named).servers == ("http://b:8000/", "http://c:9/")
    assert read_options(["a", str(photo)], named).servers == ("http://a:8000/",)


def test_a_token_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("token-1\n")
    (tmp_path / "two").write_text("token-2\n")
    environment = {"JWT_FILE": str(tmp_path / "one")}
    assert read_options(["a", "p.jpg"], environment).token == "token-1"
    assert read_options(["--token-file", str(tmp_path / "two"), "a", "p.jpg"], environment).token == "token-2"


@pytest.mark.parametrize(
    "arguments",
    [[], ["server"], ["a b", "p.jpg"], ["--wait", "-1", "a", "p.jpg"], ["--token-file", "nowhere", "a", "p.jpg"]],
)
def test_what_cannot_be_understood_ends_with_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments, {})
    assert ended.value.code == 2
    assert "expected" in (told := capsys.readouterr().err) or "required" in told


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--help"], {})
    told = capsys.readouterr().out
    for word in ("SEARCHLIGHT_SERVER", "--with-location", "exit codes", "secondary"):
        assert word in told


def test_a_device_needs_requests_and_a_websocket_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "blocked\n"), done.stderr
