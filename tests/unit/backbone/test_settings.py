"""Settings: where they come from, and what a person reads when they are wrong."""

from typing import Literal

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import CliPositionalArg

from backbone.settings import RoleSettings, load
from backbone.web.settings import WebSettings
from tests.contract.tokens import key

SECRET = "correct horse battery staple"


class Sample(RoleSettings):
    """A role of these tests."""

    port: int = Field(8000, ge=0, le=65535, description="port")
    password: SecretStr = Field(SecretStr("default"), min_length=5, description="secret")
    needed: str = Field("default", pattern="^[a-z]+$", description="text")


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Begin in an empty folder, so that no other `.env` is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "PASSWORD", "PASSWORD_FILE", "NEEDED", "HOST", "LOG_LEVEL", "PUBLIC_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def password_of(*argv):
    return load(Sample, program="sample", argv=list(argv)).password.get_secret_value()


def test_precedence_is_flag_environment_file_dotenv_default(nowhere, monkeypatch):
    assert password_of() == "default"
    (nowhere / ".env").write_text("PASSWORD=from dotenv\n")
    assert password_of() == "from dotenv"
    (nowhere / "secret").write_text("from file\r\n")
    monkeypatch.setenv("PASSWORD_FILE", str(nowhere / "secret"))
    assert password_of() == "from file"
    monkeypatch.setenv("PASSWORD", "from environment")
    assert password_of() == "from environment"
    assert password_of("--password", "from flag") == "from flag"


def test_an_empty_number_or_choice_that_need_not_be_said_says_nothing(nowhere, monkeypatch):
    class Choosing(Sample):
        engine: Literal["a", "b"] | None = None
        least: float | None = None
        name: str | None = None

    for name in ("ENGINE", "LEAST", "NAME"):
        monkeypatch.setenv(name, "")
    told = load(Choosing, program="sample", argv=[])
    assert (told.engine, told.least, told.name) == (None, None, "")
    monkeypatch.setenv("PORT", "")
    with pytest.raises(SystemExit):
        load(Choosing, program="sample", argv=[])


def test_only_secrets_are_read_from_files(nowhere, monkeypatch):
    (nowhere / "port").write_text("1")
    monkeypatch.setenv("PORT_FILE", str(nowhere / "port"))
    assert load(Sample, program="sample", argv=[]).port == 8000


def test_a_secret_keeps_the_line_breaks_within(nowhere, monkeypatch):
    (nowhere / "secret").write_text("two\nlines\n")
    monkeypatch.setenv("PASSWORD_FILE", str(nowhere / "secret"))
    assert password_of() == "two\nlines"


def refused(capsys, *argv, settings=Sample):
    with pytest.raises(SystemExit) as ending:
        load(settings, program="sample", argv=list(argv))
    assert ending.value.code == 2
    return capsys.readouterr().err


def test_every_fault_is_told_at_once(capsys, monkeypatch):
    monkeypatch.setenv("NEEDED", "NOT LOWER")
    told = refused(capsys, "--port", "70000", "--log-level", "loud")
    assert "3 fault(s)" in told
    assert "--port (PORT): Input should be less than or equal to 65535, got '70000'" in told
    assert "--needed (NEEDED): String should match pattern" in told
    assert "--log-level (LOG_LEVEL)" in told
    assert "see sample --help" in told


def test_a_secret_is_never_printed(capsys, monkeypatch):
    told = refused(capsys, "--password", "abcd", "--port", "x")
    assert "--password (PASSWORD)" in told
    assert "abcd" not in told
    monkeypatch.setenv("PASSWORD", SECRET)
    loaded = load(Sample, program="sample", argv=[])
    assert SECRET not in f"{loaded} {loaded!r} {loaded.model_dump()} {loaded.model_dump_json()}"


def test_a_file_that_is_missing_is_told_by_its_name(capsys, monkeypatch, nowhere):
    monkeypatch.setenv("PASSWORD_FILE", str(nowhere / "missing"))
    told = refused(capsys)
    assert "PASSWORD_FILE: expected a readable text file, got:" in told


def test_a_file_that_is_no_text_is_told_by_its_name(capsys, monkeypatch, nowhere):
    (nowhere / "binary").write_bytes(b"\xff\xfe secret bytes")
    monkeypatch.setenv("PASSWORD_FILE", str(nowhere / "binary"))
    told = refused(capsys)
    assert "PASSWORD_FILE: expected a readable text file" in told
    assert "secret bytes" not in told


@pytest.mark.parametrize("argv", [["--unknown"], ["--por", "1"], ["stray"]])
def test_an_unknown_flag_ends_with_code_2(capsys, argv):
    assert "sample" in refused(capsys, *argv)


def test_beyond_loopback_a_key_is_needed(capsys):
    told = refused(capsys, "--host", "0.0.0.0", settings=WebSettings)
    assert "expected a PUBLIC_KEY (authentication on) to listen on 0.0.0.0, got none" in told


def test_a_certificate_needs_its_key(capsys):
    assert "expected both SSL_CERT and SSL_KEY" in refused(capsys, "--ssl-cert", "a.pem", settings=WebSettings)


def test_the_guard_follows_from_the_settings(monkeypatch):
    monkeypatch.setenv("PUBLIC_KEY", key("EdDSA").public)
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example, https://b.example,")
    guard = load(WebSettings, program="sample", argv=["--host", "0.0.0.0"]).guard()
    assert guard.verifier is not None
    assert guard.allowed_origins == {"https://a.example", "https://b.example"}


def test_a_public_key_that_no_token_could_be_checked_with_is_refused_at_the_start(capsys):
    with pytest.raises(SystemExit) as ended:
        load(WebSettings, program="python -m role", argv=["--public-key", "no pem"])
    assert ended.value.code == 2
    assert "expected a public key in PEM" in capsys.readouterr().err


class Shared(RoleSettings):
    """What two roles can be told."""

    colour: str = Field("blue", description="of the door")


class Own(WebSettings, Shared):
    """A role with a door."""

    size: int = Field(3, description="of the thing")
    place: CliPositionalArg[str] = Field("", description="where")


def test_help_tells_a_roles_own_flags_first_and_those_about_tokens_last(capsys):
    with pytest.raises(SystemExit) as ending:
        load(Own, program="own", argv=["--help"])
    told = capsys.readouterr().out
    assert ending.value.code == 0
    assert told.startswith("usage: own [options] [PLACE]\n\nA role with a door.\n")
    places = [told.index(flag) for flag in ("--size", "--host", "--colour", "--public-key", "--ssl-key")]
    assert places == sorted(places)
    assert "\nWhat two roles can be told:\n  --colour" in told


def test_flags_are_read_from_whatever_group_they_stand_in():
    told = load(Own, program="own", argv=["--colour", "red", "--ssl-cert", "c", "--ssl-key=k", "--size", "4", "here"])
    assert (told.colour, told.ssl_cert, told.ssl_key, told.size, told.place) == ("red", "c", "k", 4, "here")
