"""What a request may ask for: names, lines, sizes; and what names a build."""

import pytest

from backbone.errors import BadInput
from backbone.wire.offload import OffloadTask
from job_workers.domain.builds import (
    MOST_ARG_BYTES,
    MOST_FILES,
    MOST_SOURCE_BYTES,
    PYTHON,
    TOOLS_FOLDER,
    build_of,
    checked_input,
)
from job_workers.domain.sandbox_file import WORK, SandboxFile

INSTALLED = ("gcc", "g++", "make", "python3")
LEGACY = "gcc <name>.c -o <name>"
GCC = f"{TOOLS_FOLDER}/gcc"


def build(name="prog", build=LEGACY, **files):
    texts = {file.replace("_c", ".c").replace("_py", ".py"): text for file, text in files.items()} or {"prog.c": "x"}
    return build_of(OffloadTask("id", "reply", "pi", name=name, files=texts, build=build), INSTALLED)


def test_the_legacy_line_names_the_program_by_its_path_without_suffix():
    assert build().command == (GCC, f"{WORK}/prog.c", "-o", f"{WORK}/prog")


def test_words_are_split_as_a_shell_would_and_nothing_is_expanded():
    made = build(build="gcc '-DTEXT=\"two words\"' $HOME `id` *.c -o <name>")
    assert made.command == (GCC, '-DTEXT="two words"', "$HOME", "`id`", "*.c", "-o", f"{WORK}/prog")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "words"),
        ("gcc 'unclosed", "quotation"),
        ("clang <name>.c", "begins with g\\+\\+, gcc, make, python3"),
        (f"{GCC} x.c", "begins with"),
        ("rm -rf /", "begins with"),
        ("gcc x.c && ./x", "no shell"),
        ("gcc x.c > out", "no shell"),
        ("make " + "x " * 300, "words"),
    ],
)
def test_a_line_that_is_no_build_is_refused(line, told):
    with pytest.raises(BadInput, match=told):
        build(build=line)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "/x", ".hidden", "-o", "x" * 101, "a b", "a\0", "ünïcode", "a\n"])
def test_a_name_that_is_not_plain_is_refused(name):
    with pytest.raises(BadInput, match="plain name"):
        build_of(OffloadTask("id", "r", "pi", files={name: "x"}), INSTALLED)
    with pytest.raises(BadInput, match="plain name"):
        build(name=name)


def test_too_many_or_too_large_files_are_refused():
    for files in ({}, {f"f{number}": "" for number in range(MOST_FILES + 1)}, {"f": "x" * (MOST_SOURCE_BYTES + 1)}):
        with pytest.raises(BadInput):
            build_of(OffloadTask("id", "r", "pi", files=files), INSTALLED)


@pytest.mark.parametrize(
    ("args", "stdin"),
    [(("x" * (MOST_ARG_BYTES + 1),), ""), (("a\0b",), ""), (("x",) * 300, ""), ((), "x" * (5 << 20)), ((), "\ud800")],
)
def test_input_that_cannot_be_handed_over_is_refused(args, stdin):
    with pytest.raises(BadInput):
        checked_input(args, stdin)


def test_a_builds_key_changes_with_anything_that_changes_its_result():
    same = {build().key("v1"), build().key("v1")}
    others = {
        build().key("v2"),
        build(build="gcc -O2 <name>.c -o <name>").key("v1"),
        build(prog_c="y").key("v1"),
        build(prog_c="x", more_c="").key("v1"),
        build(name="other", build=f"gcc prog.c -o {WORK}/prog").key("v1"),
    }
    assert len(same) == 1
    assert len(same | others) == 6


def test_the_program_is_what_was_made_or_a_python_file():
    made, script = SandboxFile("prog", b"", executable=True), SandboxFile("prog.py", b"")
    assert build().program([made, script]) == (f"{WORK}/prog",)
    assert build().program([script]) == (PYTHON, f"{WORK}/prog.py")
    for files in ([], [SandboxFile("prog", b"")], [SandboxFile("sub/prog", b"", executable=True)]):
        with pytest.raises(BadInput, match="found neither"):
            build().program(files)
