"""Reads a role's settings from flags, environment, secret files and `.env`. Knows no role's settings."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from backbone.flag_groups import FlagGroups

S = TypeVar("S", bound="RoleSettings")


class SecretFileSource(EnvSettingsSource):
    """Reads `<NAME>_FILE` for the secrets: the value is the content of the file that the variable names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text without its last line break, or None where no file is named."""
        path = os.environ.get(f"{field_name.upper()}_FILE") if _is_secret(field) else None
        if path is None:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as fault:
            raise SettingsError(f"{field_name.upper()}_FILE: expected a readable text file, got: {fault}") from None


class RoleSettings(BaseSettings):
    """What every role with an HTTP server can be told.

    Precedence: flag, environment variable of the same name in capitals, `<NAME>_FILE`, `.env`, default. A number or a
    choice that need not be said counts as unsaid when it is empty: compose hands every variable over, set or not.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_implicit_flags=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _unsaid(cls, told: Any) -> Any:  # noqa: ANN401 - whatever the sources told
        return {name: value for name, value in told.items() if value != "" or not _may_be_unsaid(cls, name)}

    host: str = Field("127.0.0.1", description="address to listen on; beyond loopback only with authentication on")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="least important log level")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's name; replaced by ours
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the secret files between the environment and `.env`."""
        return init_settings, env_settings, SecretFileSource(settings_cls), dotenv_settings


def _may_be_unsaid(settings_type: type[BaseSettings], name: str) -> bool:
    field = settings_type.model_fields.get(name)
    if field is None or field.default is not None:
        return False
    return not {str, SecretStr} & {field.annotation, *get_args(field.annotation)}


def load(settings_type: type[S], *, program: str, argv: list[str] | None = None) -> S:
    """Return the settings, or end the process with code 2 after printing every fault.

    Args:
        settings_type: the role's settings.
        program: how a person starts the role, such as `python -m camera_processor`.
        argv: the flags; None takes the process's own.
    """
    parser = argparse.ArgumentParser(
        prog=program,
        description=(settings_type.__doc__ or "").strip(),
        epilog="Each flag can also be given as an environment variable (--camera-id: CAMERA_ID) or, for secrets, as "
        "a file (PUBLIC_KEY_FILE). Precedence: flag, environment, file, .env, default.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    groups = FlagGroups(parser, settings_type)
    try:
        flags: CliSettingsSource[argparse.ArgumentParser] = CliSettingsSource(
            settings_type, root_parser=parser, add_argument_method=groups.add
        )
        parser.usage = groups.usage
        arguments = sys.argv[1:] if argv is None else argv
        return settings_type(_cli_settings_source=flags(args=arguments))  # type: ignore[call-arg] # pydantic's private name
    except ValidationError as faults:
        _refuse(program, [_told(settings_type, fault) for fault in faults.errors()])
    except SettingsError as fault:
        _refuse(program, [str(fault.__cause__ or fault)])


def _told(settings_type: type[RoleSettings], fault: ErrorDetails) -> str:
    if not fault["loc"]:
        return fault["msg"]
    name = str(fault["loc"][0])
    field = settings_type.model_fields.get(name)
    silent = fault["type"] == "missing" or (field is not None and _is_secret(field))
    came = "" if silent else f", got {fault['input']!r}"
    return f"--{name.replace('_', '-')} ({name.upper()}): {fault['msg']}{came}"


def _refuse(program: str, faults: list[str]) -> NoReturn:
    lines = "\n".join(f"  {fault}" for fault in faults)
    sys.stderr.write(f"{program}: the settings have {len(faults)} fault(s):\n{lines}\nsee {program} --help\n")
    raise SystemExit(2)


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))
