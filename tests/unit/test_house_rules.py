"""Each rule of the house can fail: small made-up houses that break one rule, and what looks like it and is fine."""

import pytest

from tests.house import attributes, files, imports, rooms
from tests.house.rules import RULES
from tests.house.sources import House

SOUND = {
    "backbone/__init__.py": '"""Shared."""\n',
    "backbone/errors.py": '"""Errors."""\n',
    "backbone/wire/__init__.py": '"""Messages."""\n',
    "cam/__init__.py": '"""A role."""\n',
    "cam/__main__.py": '"""The door."""\nfrom cam.app import main\n',
    "cam/app.py": '"""The wiring."""\nfrom cam.rooms.handlers import Handler\n',
    "cam/settings.py": '"""The only reader of the environment."""\nimport os\nPORT = os.environ.get("PORT")\n',
    "cam/domain/__init__.py": '"""Decisions."""\n',
    "cam/domain/choice.py": '"""Chooses."""\nimport math\nimport numpy as np\nfrom backbone.errors import BadInput\n',
    "cam/rooms/__init__.py": '"""A room."""\n',
    "cam/rooms/handlers.py": '"""What comes in."""\nfrom cam.domain.choice import choose\nfrom cam.settings import S\n',
    "drill/__init__.py": '"""A tool."""\n',
    "drill/exercise.py": '"""Drives a role."""\nfrom cam.app import main\n',
    "devices/__init__.py": '"""What runs on a phone or a Raspberry Pi."""\n',
    "devices/send.py": '"""Sends over HTTP."""\nimport json\nimport requests\n',
    "tests/unit/backbone/test_errors.py": "",
    "tests/unit/cam/test_app.py": "",
    "tests/unit/cam/domain/test_choice.py": "",
    "tests/unit/cam/rooms/test_handlers.py": "",
    "tests/unit/drill/test_exercise.py": "",
    "tests/unit/devices/test_send.py": "",
}


@pytest.fixture
def build(tmp_path):
    def built(changes):
        for path, text in (SOUND | changes).items():
            if text is not None:
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
        return House(tmp_path)

    return built


def test_a_sound_house_breaks_no_rule(build):
    house = build({})
    assert (house.roles, house.tools, house.devices) == ({"cam"}, {"drill"}, {"devices"})
    assert [rule(house) for rule in RULES] == [[]] * len(RULES)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("backbone/a.py", "from cam.domain.choice import choose"),
        ("backbone/a.py", "import faces"),
        ("faces/a.py", "def later():\n    import backbone.errors"),
        ("cam/a.py", "from other.app import main"),
        ("cam/a.py", "import importlib\nimportlib.import_module('other.app')"),
        ("cam/a.py", "import drill.exercise"),
        ("cam/a.py", "import devices.send"),
        ("drill/a.py", "import devices.send"),
        ("devices/a.py", "import backbone.errors"),
    ],
)
def test_a_package_that_knows_too_much_is_found(build, path, text):
    house = build(
        {
            "faces/__init__.py": "",
            "other/__init__.py": "",
            "other/app.py": "import backbone.errors",
            path: text,
        }
    )
    assert any(told.startswith(path) for told in imports.packages_that_know_too_much(house))


def test_a_relative_import_and_one_that_nobody_can_judge_are_found(build):
    house = build({"cam/a.py": "from . import app\n", "cam/b.py": "import importlib\nimportlib.import_module(app)\n"})
    assert imports.relative_imports(house) == ["cam/a.py:1 imports .", "cam/b.py:2 imports ?"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cam/domain/a.py", '"""Keeps things in Redis."""\nimport redis'),
        ("cam/app.py", '"""Keeps things in Redis."""\nfrom redis.asyncio import Redis'),
        ("cam/rooms/handlers_a.py", '"""Starts a process."""\nimport subprocess'),
        ("cam/rooms/service.py", '"""Asks by HTTP."""\ndef ask():\n    import requests'),
        ("cam/rooms/a.py", '"""Keeps things."""\nimport redis'),
        ("cam/rooms/a.py", '"""Looks on."""\nimport asyncio\ndef a(): asyncio.create_subprocess_exec("ls")'),
        ("cam/rooms/a.py", '"""Looks on."""\nimport os\ndef a(): os.execvp("ls", [])'),
    ],
)
def test_a_library_out_of_place_is_found(build, path, text):
    assert len(imports.libraries_out_of_place(build({path: text}))) == 1


def test_a_library_is_fine_where_the_name_or_the_docstring_tells_of_it(build):
    house = build(
        {
            "cam/rooms/redis_store.py": '"""Keeps things."""\nimport redis',
            "cam/b.py": '"""Starts a child."""\nimport subprocess',
        }
    )
    assert imports.libraries_out_of_place(house) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from os import path",
        "import urllib.request",
        "from urllib import request",
        "from cam.rooms.handlers import Handler",
        "from cam.settings import Settings",
        "import backbone.web",
        "from backbone import web",
        "import structlog",
        "from datetime import datetime\ndef now(): return datetime.now()",
        "def read(): return open('a')",
        "def read(path): return path.read_bytes()",
    ],
)
def test_a_domain_that_knows_too_much_is_found(build, text):
    house = build({"backbone/web.py": "import tornado", "cam/domain/a.py": text})
    assert len(imports.domains_that_know_too_much(house)) == 1


def test_a_domain_may_know_a_file_of_a_library_that_is_alike(build):
    house = build(
        {
            "backbone/__init__.py": "from backbone.pacer import Pacer\nfrom backbone.reader import Reader\n",
            "backbone/pacer.py": "import math\n",
            "backbone/reader.py": "from backbone.disk import read\n",
            "backbone/disk.py": "import os\n",
            "cam/domain/a.py": "from backbone import Pacer\nfrom backbone.pacer import Pacer\n",
            "cam/domain/b.py": "from backbone import Reader\nfrom backbone.reader import Reader\n",
        }
    )
    assert imports.domains_that_know_too_much(house) == [
        "cam/domain/b.py:1 imports backbone",
        "cam/domain/b.py:2 imports backbone.reader",
    ]


def test_a_device_that_needs_too_much_is_found(build):
    house = build({"devices/a.py": "import numpy\nimport socket\n"})
    assert imports.devices_that_need_too_much(house) == ["devices/a.py:1 imports numpy"]


@pytest.mark.parametrize(
    "text",
    [
        "import os\nA = os.environ['A']",
        "import os\nA = os.getenv('A')",
        "from os import environ",
        "import os\nrun(env={'A': os.environ['A']})",
        "import os\nrun(environment=os.environ)",
    ],
)
def test_a_reader_of_the_environment_is_found(build, text):
    assert len(imports.readers_of_the_environment(build({"cam/a.py": text}))) == 1


@pytest.mark.parametrize("handed", ["os.environ", "{**os.environ, 'A': 'b'}", "os.environ | {'A': 'b'}"])
def test_who_hands_the_whole_environment_to_a_child_does_not_read_it(build, handed):
    house = build({"cam/a.py": f"import os\ndef a(): run(env={handed})", "cam/cam_options.py": "from os import getenv"})
    assert imports.readers_of_the_environment(house) == []


def test_rooms_that_import_each_other_are_found(build):
    house = build({"cam/rooms/a.py": "from cam import app", "cam/domain/a.py": "def a():\n    import cam.rooms"})
    one, other = rooms.rooms_in_a_circle(house)
    assert one.startswith(
        "cam/domain -> cam/rooms -> cam/domain: cam/domain/a.py:2 imports cam/rooms/__init__.py; cam/r"
    )
    assert other == (
        "cam/rooms -> cam/wiring -> cam/rooms: "
        "cam/rooms/a.py:1 imports cam/app.py; cam/app.py:2 imports cam/rooms/handlers.py"
    )


def test_a_circle_over_several_rooms_is_found_once(build):
    ring = {"cam/a/a.py": "import cam.b.b", "cam/b/b.py": "import cam.c.c", "cam/c/c.py": "import cam.a.a"}
    (told,) = rooms.rooms_in_a_circle(build(ring | {"cam/d/d.py": "import cam.a.a"}))
    assert told.startswith("cam/a -> cam/b -> cam/c -> cam/a: cam/a/a.py:1 imports cam/b/b.py; ")
    assert rooms.rooms_in_a_circle(build(ring | {"cam/c/c.py": ""})) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cam/settings.py", "from cam.rooms import handlers"),
        ("cam/metrics.py", "import cam.rooms.handlers"),
        ("cam/__init__.py", "from cam.rooms.handlers import Handler"),
        ("cam/rooms/handlers.py", "from cam.app import main"),
        ("cam/metrics.py", "from cam.app import main"),
    ],
)
def test_the_files_at_the_top_are_one_room_below_the_inner_ones_and_the_wiring_one_above(build, path, text):
    knows_app = {"cam/app.py": "from cam.rooms import handlers\nfrom cam import metrics", "cam/metrics.py": ""}
    assert rooms.rooms_in_a_circle(build(knows_app)) == []
    assert len(rooms.rooms_in_a_circle(build(knows_app | {path: text}))) == 1


def test_a_program_at_the_top_of_a_role_is_a_door_and_as_such_known_by_nobody(build):
    command = "from cam.rooms import handlers\nfrom cam import metrics\n"
    house = {"cam/metrics.py": "", "cam/rooms/a.py": "from cam import metrics", "cam/verify.py": command}
    assert [told.partition(":")[0] for told in rooms.rooms_in_a_circle(build(house))] == [
        "cam/rooms -> cam/top -> cam/rooms"
    ]
    house["cam/verify.py"] += 'if __name__ == "__main__":\n    main()\n'
    assert rooms.rooms_in_a_circle(build(house)) == []
    house["cam/rooms/b.py"] = "from cam.verify import main"
    assert [told.partition(":")[0] for told in rooms.rooms_in_a_circle(build(house))] == [
        "cam/rooms -> cam/wiring -> cam/rooms"
    ]


def test_only_a_role_has_wiring_and_elsewhere_its_names_are_files_like_others(build):
    house = build(
        {"devices/__main__.py": "from devices.links import get", "devices/links/get.py": "import devices.send"}
    )
    assert [told.partition(":")[0] for told in rooms.rooms_in_a_circle(house)] == [
        "devices/links -> devices/top -> devices/links"
    ]


def test_an_inner_room_of_a_room_is_a_room_of_its_own(build):
    house = build({"cam/rooms/inner/a.py": "import cam.rooms.handlers", "cam/rooms/b.py": "import cam.rooms.inner.a"})
    assert [told.partition(":")[0] for told in rooms.rooms_in_a_circle(house)] == [
        "cam/rooms -> cam/rooms/inner -> cam/rooms"
    ]


OURS = "from cam.domain.choice import Choice, made\nimport asyncio\nimport copy\nfrom typing import Any, cast\n"


@pytest.mark.parametrize(
    "text",
    [
        "def a(choice): choice.x = 1",
        "def a(choice: Choice): choice.x += 1",
        "def a(choice: Any): choice.x: int = 1",
        "def a(): Choice().x = 1",
        "def a():\n    one = Choice()\n    one.x, two = 1, 2",
        "def a():\n    one = made()\n    del one.x",
        "def a(one):\n    for one.x in range(3): pass",
        "def a(one):\n    with open('a') as one.x: pass",
        "def a(one): setattr(one, 'x', 1)",
        "def a(one): object.__setattr__(one, 'x', 1)",
        "def a(one): one.__dict__['x'] = 1",
        "def a(one): one.__dict__.update(x=1)",
        "def a(one): one.many[3].x = 1",
        "def a(one):\n    def self(): pass\n    self.x = 1",
        "def a(self): self.x = 1",
        "class A:\n    def a(self): self.one.x = 1",
        "class A:\n    def __init__(self): self.one = Choice()\n    def a(self): self.one.x = 1",
        "class A:\n    def a(self, one): self, two = one, self\n    @staticmethod\n    def b(self): self.x = 1",
        "class A:\n    def a(self): object.__setattr__(self, 'x', 1)",
        "class A:\n    def a(one, self): self.x = 1",
        "def a(one): copy.copy(one).x = 1",
        "def a(one):\n    two = cast(Any, one)\n    two.x = 1",
        "class A:\n    def __init__(self): self.q = asyncio.Queue()\n    async def a(self): (await self.q.get()).x = 1",
        "import msgspec\ndef a(raw): msgspec.json.decode(raw, type=Choice).x = 1",
        "import redis\ndef a(one):\n    two = redis.Redis()\n    two = one\n    two.x = 1",
        "import redis\ndef a(one):\n    redis = one\n    redis.x = 1",
        "from collections import deque\ndef a():\n    many = deque()\n    many[0].x = 1",
        "import redis\nclass Mine(redis.Redis): pass\ndef a(): Mine().x = 1",
    ],
)
def test_an_attribute_set_from_outside_is_found(build, text):
    assert len(attributes.attributes_set_from_outside(build({"cam/a.py": OURS + text}))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def a(self): self.x, self.y = 1, 2",
        "class A:\n    def a(self):\n        def b(): self.x = 1",
        "class A:\n    @classmethod\n    def a(cls): cls.x = 1",
        "class A:\n    def __post_init__(self): object.__setattr__(self, 'x', 1)",
        "import onnxruntime as ort\ndef a():\n    options = ort.SessionOptions()\n    options.threads = 1",
        "import requests\nclass A:\n    def __init__(self): self.s = requests.Session()\n    def a(self): self.s.x = 1",
        "import requests\nclass A:\n    s: requests.Session | None = None\n    def a(self): self.s.x = 1",
        "from paho.mqtt.client import Client\ndef a(client: Client | None): client.on_message = print",
        "from paho import Client\nclass A:\n    def __init__(s, c: 'Client'): s.c = c\n    def a(s): s.c.on_x = 1",
        "from redis import Redis\ndef a(url):\n    pool = Redis.from_url(url).pool\n    pool.kind = 1",
        "from rq.job import Job\nclass A:\n    def a(self): self.b(1).x = 1\n    def b(self, key) -> Job: ...",
        "import ctypes\nLIBC = ctypes.CDLL(None)\ndef a(): LIBC.prctl.restype = None",
        "from PIL import Image\ndef a(): Image.MAX_IMAGE_PIXELS = 1",
        "import tarfile\ndef a():\n    with tarfile.TarFile() as it:\n        it.x = 1",
        "def a(many): many['x'] = 1",
    ],
)
def test_an_object_may_set_its_own_and_a_library_may_be_told_its_way(build, text):
    assert attributes.attributes_set_from_outside(build({"cam/a.py": OURS + text})) == []


def test_a_role_without_a_door_is_found(build):
    missing = ("cam/__main__.py", "cam/settings.py", "cam/rooms/handlers.py", "cam/domain/__init__.py")
    house = build({**dict.fromkeys(missing), "cam/domain/choice.py": None})
    assert files.roles_without_a_door(house) == [
        "cam has no __main__.py",
        "cam has no settings.py",
        "cam has no handlers",
        "cam has no domain",
    ]


def test_a_door_that_does_more_than_open_is_found(build):
    assert files.roles_without_a_door(build({"cam/__main__.py": "a = 1\n" * 6})) == ["cam/__main__.py has 6 lines"]


@pytest.mark.parametrize(
    "text", ["run()", "for a in b: pass", "with a: pass", "try: a = 1\nfinally: pass", "if a: b = 1"]
)
def test_what_happens_at_import_is_found(build, text):
    assert len(files.doings_at_import(build({"cam/a.py": text}))) == 1


def test_the_door_of_a_program_is_no_doing_at_import(build):
    assert files.doings_at_import(build({"cam/a.py": 'if __name__ == "__main__":\n    main()\n'})) == []


def test_a_file_that_does_not_say_what_it_is_for_is_found(build):
    assert files.files_not_told(build({"cam/a.py": "A = 1\n"})) == ["cam/a.py has no docstring"]


def test_a_long_file_and_a_long_function_are_found(build):
    text = "A = 1\n" * 270 + "def a():\n" + "    pass\n" * 60
    assert files.too_long(build({"cam/a.py": text})) == ["cam/a.py has 331 lines", "cam/a.py:271 a has 61 lines"]


def test_who_opens_the_68_point_predictor_is_found(build):
    house = build({"cam/a.py": "A = models.pose_predictor_model_location()"})
    assert files.openers_of_the_68_point_predictor(house) == ["cam/a.py"]


def test_tests_without_sources_and_sources_without_tests_are_found(build):
    house = build({"tests/unit/cam/old/test_a.py": "", "cam/new/a.py": "", "cam/new/__init__.py": ""})
    assert files.tests_out_of_place(house) == [
        "tests/unit/cam/old has tests and no folder of sources",
        "cam/new has code and no tests/unit/cam/new",
    ]
