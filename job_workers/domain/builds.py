"""What a request to run foreign code asks for, checked: files, build, program. Builds and runs nothing."""

import hashlib
import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backbone.errors import BadInput
from backbone.wire.offload import OffloadTask
from job_workers.domain.sandbox_file import WORK, SandboxFile

TOOLS = ("c++", "cc", "clang", "clang++", "g++", "gcc", "make", "python3")
"""What a build line may begin with, where the machine has it; what the line then does is the sandbox's to bound."""
TOOLS_FOLDER = "/usr/bin"
"""Of the sandbox."""
PYTHON = f"{TOOLS_FOLDER}/python3"
MOST_FILES, MOST_SOURCE_BYTES = 64, 4 << 20
MOST_ARGS, MOST_ARG_BYTES = 256, 64 * 1024
MOST_STDIN_BYTES = 4 << 20
MOST_BUILD_WORDS = 256
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")
_SHELL = {"&&", "||", ";", "|", "&", "<", ">", ">>", "2>", "2>&1"}
_FORMAT = b"1"


@dataclass(frozen=True, slots=True)
class Build:
    """Sources and the command that makes a program of them; `command` is None where nothing is to be made."""

    name: str
    sources: tuple[SandboxFile, ...]
    command: tuple[str, ...] | None

    def key(self, toolchain: str) -> str:
        """Return the digest that names this build's result; `toolchain` tells the tools' versions."""
        digest = hashlib.sha256(_FORMAT)
        words = [self.name, toolchain, *(self.command or ())]
        for part in [
            *(word.encode() for word in words),
            *(p for f in self.sources for p in (f.name.encode(), f.content)),
        ]:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def program(self, files: Collection[SandboxFile]) -> tuple[str, ...]:
        """Return the command that runs what was made.

        Args:
            files: what lies in the folder after the build.

        Raises:
            BadInput: no program is there.
        """
        there = {file.name: file for file in files}
        if self.name in there and there[self.name].executable:
            return (f"{WORK}/{self.name}",)
        if f"{self.name}.py" in there:
            return (PYTHON, f"{WORK}/{self.name}.py")
        how = "the build to make" if self.command is not None else "a build line, or"
        raise BadInput(f"expected {how} the program {self.name} or {self.name}.py, found neither", code="no_program")


def build_of(task: OffloadTask, installed: Collection[str]) -> Build:
    """Return the build that a task with sources asks for.

    Args:
        installed: which of `TOOLS` the machine has.

    Raises:
        BadInput: names, sizes or the build line are not what they should be.
    """
    for name in (task.name, *task.files):
        plain(name)
    if not task.files or len(task.files) > MOST_FILES:
        raise BadInput(f"expected 1 to {MOST_FILES} files, got {len(task.files)}", code="bad_files")
    sources = tuple(SandboxFile(name, _bytes(text)) for name, text in sorted(task.files.items()))
    size = sum(len(source.content) for source in sources)
    if size > MOST_SOURCE_BYTES:
        raise BadInput(f"expected at most {MOST_SOURCE_BYTES} bytes of sources, got {size}", code="bad_files")
    return Build(task.name, sources, None if task.build is None else _command(task.build, task.name, installed))


def checked_input(args: Sequence[str], stdin: str) -> bytes:
    """Return the bytes of a request's standard input.

    Raises:
        BadInput: that, or the arguments, are too large or cannot be handed to a program.
    """
    size = sum(len(_bytes(arg)) for arg in args)
    if len(args) > MOST_ARGS or size > MOST_ARG_BYTES or any("\0" in arg for arg in args):
        bound = f"at most {MOST_ARGS} arguments of {MOST_ARG_BYTES} bytes without NUL"
        raise BadInput(f"expected {bound}, got {len(args)} of {size} bytes", code="bad_args")
    content = _bytes(stdin)
    if len(content) > MOST_STDIN_BYTES:
        raise BadInput(f"expected at most {MOST_STDIN_BYTES} bytes of input, got {len(content)}", code="bad_stdin")
    return content


def plain(name: str) -> str:
    """Return a name that is no path and no option.

    Raises:
        BadInput: it is not plain.
    """
    if not _PLAIN.fullmatch(name):
        raise BadInput(
            f"expected a plain name of at most 100 letters, digits, _ . + -, got {name[:100]!r}", code="bad_name"
        )
    return name


def _command(line: str, name: str, installed: Collection[str]) -> tuple[str, ...]:
    try:
        words = shlex.split(line)
    except ValueError as fault:
        raise BadInput(f"expected a build line of words, got one with: {fault}", code="bad_build_line") from None
    if not 1 <= len(words) <= MOST_BUILD_WORDS or "\0" in line:
        raise BadInput(
            f"expected 1 to {MOST_BUILD_WORDS} words in a build line, got {len(words)}", code="bad_build_line"
        )
    if words[0] not in TOOLS or words[0] not in installed:
        known = ", ".join(tool for tool in TOOLS if tool in installed)
        raise BadInput(f"expected a build line that begins with {known}, got {words[0][:50]!r}", code="bad_build_line")
    shell = sorted(_SHELL.intersection(words))
    if shell:
        raise BadInput(f"expected one command, no shell reads the line, got {shell[0]!r}", code="bad_build_line")
    return (f"{TOOLS_FOLDER}/{words[0]}", *(word.replace("<name>", f"{WORK}/{name}") for word in words[1:]))


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadInput("expected text, got half a surrogate pair", code="bad_text") from None
