"""The sample client in the documentation speaks the text form, and its program does what it says."""

import json
import re
import subprocess

from backbone.wire.to_device import OffloadAnswer, as_json
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.request_forms import read_request
from tests.processes import ROOT

DOCS = (ROOT / "docs" / "offload.md").read_text(encoding="utf-8")


def incoming(payload: str) -> Incoming:
    return Incoming("inputCode/a", payload.encode(), qos=0, packet=0, again=False, kept=False, connection=1)


def test_the_sketch_is_short_and_its_program_builds_and_runs(tmp_path):
    sketch = re.search(r"```cpp\n(.*?)```", DOCS, flags=re.DOTALL)[1]
    assert len(sketch.splitlines()) <= 60
    payload = re.search(r'R"\((.*?)\)";', sketch, flags=re.DOTALL)[1].replace("%d %d", "3 4").replace("%%", "%")
    asked = read_request(incoming(payload))
    assert (asked.name, asked.args) == ("sum", ("3", "4"))
    (tmp_path / "sum.c").write_text(asked.files["sum.c"], encoding="utf-8")
    build = asked.build.replace("<name>", str(tmp_path / "sum")).split()
    subprocess.run(build, check=True, timeout=30)
    told = subprocess.run([tmp_path / "sum", *asked.args], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout == "7"


def test_the_json_in_the_docs_is_what_is_spoken():
    request, answer = re.findall(r"```json\n(.*?)```", DOCS, flags=re.DOTALL)
    asked = read_request(incoming(request))
    assert (asked.address.request_id, asked.args, asked.limits.output_bytes) == ("7f3a", ("1", "2"), 10_000)
    spoken = json.loads(as_json(OffloadAnswer(request_id="7f3a", status="ok")))
    assert json.loads(answer).keys() == spoken.keys()
