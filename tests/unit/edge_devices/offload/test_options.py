"""What `python -m edge_devices.offload` understands, and the exit codes that it passes on."""

import pytest

from edge_devices.offload.command import exit_code_of
from edge_devices.offload.options import read_options

WHO = ["--user", "pi"]


@pytest.fixture
def code(tmp_path):
    file = tmp_path / "sum.c"
    file.write_text("int main() { return 3; }", encoding="utf-8")
    return file


def test_a_c_file_is_built_with_gcc(code):
    told = read_options(["mqtt://b:1884", *WHO, "--code", str(code), "--args", "1 'a b'"], {})
    assert (told.broker.hostname, told.broker.port, told.user, told.password) == ("b", 1884, "pi", None)
    assert told.request["files"] == {"sum.c": "int main() { return 3; }"}
    assert told.request["args"] == ["1", "a b"]
    assert told.request["build"] == "gcc sum.c -O2 -lm -o <name>"


def test_the_environment_tells_what_the_arguments_do_not(code, tmp_path):
    (tmp_path / "pw").write_text("secret\n", encoding="utf-8")
    environment = {"SEARCHLIGHT_BROKER": "h", "MQTT_USER": "me", "MQTT_PASSWORD_FILE": str(tmp_path / "pw")}
    told = read_options(["--program", "count", "--stdin", str(code), "--seconds", "2"], environment)
    assert (told.broker.hostname, told.user, told.password) == ("h", "me", "secret")
    expected = {"program": "count", "args": [], "stdin": code.read_text(), "limits": {"wallSeconds": 2.0}}
    assert told.request == expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["b"],
        ["b", "--program", "x"],
        ["b", *WHO],
        ["b", *WHO, "--program", "x", "--code", "CODE"],
        ["b", *WHO, "--code", "missing.c"],
        ["b", *WHO, "--code", "CODE", "--code", "CODE"],
        ["b", *WHO, "--program", "x", "--args", "'"],
        ["b", *WHO, "--program", "x", "--wait", "0"],
        ["b", *WHO, "--program", "x", "--password-file", "missing"],
        ["http://b", *WHO, "--program", "x"],
        ["b", "--user", "a/b", "--program", "x"],
    ],
)
def test_everything_else_ends_with_code_2_and_a_text(arguments, code, capsys):
    with pytest.raises(SystemExit) as ended:
        read_options([str(code) if word == "CODE" else word for word in arguments], {})
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": "ok", "exitCode": 0}, 0),
        ({"status": "runtime_error", "exitCode": 3}, 3),
        ({"status": "runtime_error", "signal": "SIGSEGV"}, 139),
        ({"status": "runtime_error", "signal": "SIGODD"}, 125),
        ({"status": "timeout", "signal": "SIGKILL"}, 124),
        ({"status": "compile_error", "exitCode": 1}, 125),
        ({"status": "memory"}, 125),
        ({"status": "rejected"}, 125),
        ({}, 125),
    ],
)
def test_the_exit_code_tells_how_it_went(answer, code):
    assert exit_code_of(answer) == code
