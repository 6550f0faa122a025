"""What messages ask for, in the legacy text form and in JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import BadInput, NotAllowed
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.request_forms import answer_topic, client_of, read_request


def message(topic: str, payload: str | bytes, **more) -> Incoming:
    raw = payload if isinstance(payload, bytes) else payload.encode()
    return Incoming(topic, raw, qos=1, packet=1, again=False, kept=False, connection=1, **more)


def ours(**told: object) -> Incoming:
    return message("inputCode/a", json.dumps({"requestId": "r1"} | told))


def test_the_first_two_separators_and_the_last_count():
    source = 'int main() { puts("----"); /* ---- a ---- b */ }'
    asked = read_request(message("inputCode/a", f"job----1 2----{source}----gcc <name>.c -o <name>\n"))
    assert (asked.name, asked.args, asked.files) == ("job", ("1", "2"), {"job.c": source})
    assert asked.build == "gcc <name>.c -o <name>"
    assert asked.request_id is None


@given(source=st.text(st.sampled_from("-ab \n")), args=st.lists(st.text("xy", min_size=1)))
def test_any_source_survives_that_does_not_touch_its_separators(source, args):
    source = f"/{source}/"
    asked = read_request(message("inputCode/a", f"job----{' '.join(args)}----{source}----gcc"))
    assert (asked.files, asked.args) == ({"job.c": source}, tuple(args))


@pytest.mark.parametrize("text", ["", "a", "a----b", "a----b----c", "----", "a--------b"])
def test_fewer_than_four_parts_are_refused(text):
    with pytest.raises(BadInput, match="four parts"):
        read_request(message("inputCode/a", text))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "-rf", "x" * 65, ".hidden", "ä"])
def test_a_name_that_is_no_plain_file_name_is_refused(name):
    with pytest.raises(BadInput, match="name"):
        read_request(message("inputCode/a", f"{name}----1----int x;----gcc"))


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("", ()),
        ("7 8", ("7", "8")),
        ("'a b' c", ("a b", "c")),
        ("it's", ("it's",)),
        ("x\0\0", ("x",)),
        ("{ not json", ("{", "not", "json")),
        ('{"a": 1}', ("{a:", "1}")),
    ],
)
def test_local_code_gets_an_argument_line(text, args):
    asked = read_request(message("localCode/a", text))
    assert (asked.program, asked.args, asked.files, asked.build) == ("program", args, {}, None)


def test_a_payload_that_is_no_utf_8_is_refused():
    with pytest.raises(BadInput, match="UTF-8"):
        read_request(message("localCode/a", b"\xff\xfe"))


def test_json_asks_for_several_files_input_and_limits():
    told = {"files": {"a.c": "x", "a.h": "y"}, "build": "gcc a.c -o <name>", "args": ["1"], "stdin": "in"}
    asked = read_request(ours(**told, limits={"wallSeconds": 2, "memoryMb": 64}))
    assert (asked.request_id, asked.files, asked.build) == ("r1", {"a.c": "x", "a.h": "y"}, "gcc a.c -o <name>")
    assert (asked.args, asked.stdin, asked.limits.wall_seconds, asked.limits.memory_mb) == (("1",), "in", 2, 64)
    task = asked.task("t", "replies")
    assert (task.task_id, task.reply, task.tag, task.files) == ("t", "replies", "a", asked.files)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({}, "either"),
        ({"program": "p", "files": {"a.c": ""}}, "either"),
        ({"program": "../p"}, "program"),
        ({"files": {"../a": ""}}, "files|key"),
        ({"files": {f"f{n}": "" for n in range(65)}}, "64"),
        ({"program": "p", "args": "x"}, "array"),
        ({"program": "p", "args": ["x"] * 257}, "256"),
        ({"program": "p", "build": "gcc"}, "build"),
        ({"program": "p", "more": 1}, "unknown"),
        ({"program": "p", "requestId": ""}, "requestId"),
        ({"program": "p", "requestId": "a b"}, "requestId"),
        ({"program": "p", "requestId": 1}, "str"),
        ({"program": "p", "limits": {"wallSeconds": 0}}, "above 0"),
        ({"program": "p", "limits": {"memoryMb": -1}}, "above 0"),
        ({"program": "p", "limits": {"disk": 1}}, "unknown"),
    ],
)
def test_json_that_is_no_request_is_refused_with_what_is_wrong(told, text):
    with pytest.raises(BadInput, match=text):
        read_request(ours(**told))


@pytest.mark.parametrize(
    "raw", [b"{", b'{"requestId":"a","requestId":"b"}', b'{"x":NaN}', b"{" * 50, b'{"a":"\\ud800"}']
)
def test_broken_json_is_refused(raw):
    with pytest.raises(BadInput):
        read_request(message("inputCode/a", raw))


def test_the_same_request_has_the_same_digest_and_another_clients_has_not():
    one = read_request(message("localCode/a", "1"))
    assert one.digest == read_request(message("localCode/a", "1")).digest
    assert one.digest != read_request(message("localCode/b", "1")).digest
    assert one.digest != read_request(message("localCode/a", "2")).digest


@pytest.mark.parametrize("topic", ["localCode", "localCode/", "other/a", "localCode/a/b", "inputCode/a\nb", "result/a"])
def test_only_the_two_rooms_with_a_client_behind_them_are_served(topic):
    with pytest.raises(BadInput, match="topic"):
        client_of(topic)


def test_the_answer_goes_to_the_clients_own_topic_or_below_it():
    plain = message("localCode/a", "1")
    assert answer_topic(plain, "a") == "result/a"
    for named in ("result/a", "result/a/x", "result/a/x/y"):
        assert answer_topic(message("localCode/a", "1", response_topic=named), "a") == named
    for foreign in ("result/b", "result/ab", "result", "result/a/#", "result/a/+", "searchlight/available", "", "/"):
        with pytest.raises(NotAllowed, match="response topic"):
            answer_topic(message("localCode/a", "1", response_topic=foreign), "a")
    with pytest.raises(BadInput, match="correlation"):
        answer_topic(message("localCode/a", "1", correlation=b"x" * 257), "a")
