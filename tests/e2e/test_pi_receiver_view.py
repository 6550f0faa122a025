"""What people see of received files, who asks to be let in, receipts, and the check of the whole store."""

import io
import subprocess
import sys

import pytest
import requests

from pi_receiver.verify import verify
from tests.contract import tokens
from tests.processes import ROOT
from tests.receivers import TIMEOUT, Receiving, digest_of


@pytest.fixture
def receiving(tmp_path):
    made = Receiving(tmp_path)
    with made.running():
        yield made


def get(receiving, path: str, **headers: str) -> requests.Response:
    return requests.get(receiving.url + path, headers=headers, timeout=TIMEOUT)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_station_page_tells_what_arrived_when_and_with_which_digest(receiving):
    pi = receiving.pi()
    pi.send(("a.txt", b"one"), ("a.txt", b"two"), ("diagnostic.txt", b"ok"))
    page = get(receiving, f"/view/{pi.station}")
    assert page.headers["Content-Type"].startswith("text/html")
    assert digest_of(b"two") in page.text
    told = get(receiving, f"/view/{pi.station}", Accept="application/json").json()
    assert [(one["file"], one["version"], one["sha256"]) for one in told["files"]] == [
        (f"diagnostics/station{pi.station}/diagnostic.txt", 1, digest_of(b"ok")),
        (f"station{pi.station}/a.v2.txt", 2, digest_of(b"two")),
        (f"station{pi.station}/a.txt", 1, digest_of(b"one")),
    ]
    older = get(receiving, f"/view/{pi.station}?limit=2", Accept="application/json").json()
    rest = get(receiving, f"/view/{pi.station}?before={older['before']}", Accept="application/json").json()
    assert [one["version"] for one in rest["files"]] == [1]
    for wrong in ("limit=0", "limit=501", "limit=x", "before=-1"):
        assert get(receiving, f"/view/{pi.station}?{wrong}").status_code == 400
    assert get(receiving, "/view/424242").status_code == 404
    stations = get(receiving, "/view/", Accept="application/json").json()["stations"]
    assert [(one["station"], one["files"], one["bytes"]) for one in stations] == [(pi.station, 3, 8)]


def test_names_cannot_bring_markup_into_the_page(receiving):
    pi = receiving.pi()
    assert pi.send(("a&amp;'x.txt", b"1")) == ["200"]
    assert "a&amp;amp;&#x27;x.txt" in get(receiving, f"/view/{pi.station}").text


def test_a_pi_that_registers_waits_for_the_operators_line(receiving):
    pi = receiving.pi(listed=False)
    assert pi.ask().text == "401"
    asked = requests.post(f"{receiving.url}/register/", headers=pi.headers, timeout=TIMEOUT)
    assert (asked.status_code, asked.text) == (202, "202")
    assert pi.ask().text == "401", "asking lets nobody in"
    waiting = get(receiving, "/view/", Accept="application/json").json()["waiting"]
    assert [one["line"] for one in waiting] == [f"{pi.pi_id},{pi.station}"]
    assert f"{pi.pi_id},{pi.station}" in get(receiving, "/view/").text
    with receiving.ids.open("a") as file:
        file.write(f"{waiting[0]['line']}\n")
    assert requests.get(f"{receiving.url}/register", headers=pi.headers, timeout=TIMEOUT).text == "200"
    assert get(receiving, "/view/", Accept="application/json").json()["waiting"] == []
    assert pi.send(("a.txt", b"1")) == ["200"]


def test_only_so_many_may_ask_to_be_let_in(receiving):
    answers = [
        requests.post(f"{receiving.url}/register/", headers=receiving.pi(listed=False).headers, timeout=TIMEOUT)
        for _ in range(12)
    ]
    assert [answer.status_code for answer in answers] == [202] * 10 + [503] * 2
    for wrong in ({}, {"pi_id": "x", "pi_num": "1"}, {"pi_id": "0" * 16, "pi_num": "one"}):
        assert requests.post(f"{receiving.url}/register/", headers=wrong, timeout=TIMEOUT).text == "412"


def test_a_receipt_is_verified_by_the_key_and_belongs_to_its_file(receiving, tmp_path):
    pi = receiving.pi()
    receipt = pi.post(pi.channel(), "a.txt", b"one").headers["Receipt"]
    key, file, other = tmp_path / "key.pem", tmp_path / "a.txt", tmp_path / "b.txt"
    key.write_text(get(receiving, "/receipt-key").text)
    file.write_bytes(b"one")
    other.write_bytes(b"two")
    command = ("pi_receiver.verify_receipt", "--key", str(key))
    assert run(*command, receipt, str(file)).returncode == 0
    assert run(*command, receipt, str(other)).returncode == 1
    head, body, signature = receipt.split(".")
    assert run(*command, f"{head}.{body[:-4]}AAAA.{signature}").returncode == 1
    assert run(*command, str(tmp_path / "no-such")).returncode == 2
    private = receiving.store / ".receiver" / "receipt-key.pem"
    assert private.stat().st_mode & 0o777 == 0o600


def test_receipts_stay_good_after_a_restart(receiving, tmp_path):
    before = get(receiving, "/receipt-key").text
    receiving.role.terminate()
    with receiving.running():
        assert get(receiving, "/receipt-key").text == before


def test_the_check_names_every_damaged_file_and_no_other(receiving):
    pi = receiving.pi()
    names = ["whole.txt", "flipped.txt", "short.txt", "missing.txt", "sidecar.txt", "link.txt"]
    pi.send(*((name, b"content of " + name.encode()) for name in names))
    assert run("pi_receiver", "verify", str(receiving.store)).returncode == 0
    where = receiving.store / f"station{pi.station}"
    (where / "flipped.txt").write_bytes(b"Content of flipped.txt")
    (where / "short.txt").write_bytes(b"content")
    (where / "missing.txt").unlink()
    (where / "sidecar.txt.sha256").write_text("0" * 64 + " sidecar.txt\n")
    (where / "link.txt").unlink()
    (where / "link.txt").symlink_to("whole.txt")
    ended = run("pi_receiver", "verify", str(receiving.store))
    assert ended.returncode == 1
    damaged = [line.split()[1].rstrip(":") for line in ended.stdout.splitlines() if line.startswith("damaged")]
    assert damaged == [f"station{pi.station}/{name}" for name in names[1:]]
    assert "5 damaged of 6 files" in ended.stdout
    assert "6 files" in ended.stderr
    assert run("pi_receiver.verify", str(receiving.folder)).returncode == 2


def test_the_check_tells_how_far_it_is_within_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr("pi_receiver.verify.PROGRESS_SECONDS", 0.0)
    receiving = Receiving(tmp_path)
    with receiving.running():
        assert receiving.pi().send(("a.txt", b"1" * 3_000_000), ("b.txt", b"2" * 1_000_000)) == ["200"] * 2
    out, progress = io.StringIO(), io.StringIO()
    assert verify(receiving.store, out=out, progress=progress) == 0
    lines = progress.getvalue().splitlines()
    assert [line.split(", ")[:2] for line in lines[:4]] == [
        ["0 of 2 files", "1 of 4 MB"],
        ["0 of 2 files", "2 of 4 MB"],
        ["0 of 2 files", "3 of 4 MB"],
        ["1 of 2 files", "4 of 4 MB"],
    ]
    assert lines[4].startswith("2 files, 4.0 MB in ")


def test_with_keys_only_operators_see_the_files_and_pis_need_no_token(tmp_path):
    receiving = Receiving(tmp_path)
    with receiving.running(environment={"PUBLIC_KEY": tokens.key("ES256").public}):
        pi = receiving.pi()
        assert pi.send(("a.txt", b"1")) == ["200"]
        for path in ("/view/", f"/view/{pi.station}", "/metrics"):
            assert get(receiving, path).status_code == 401
            assert get(receiving, path, **pi.headers).status_code == 401
            shown = get(receiving, path, Authorization=f"Bearer {tokens.token(roles=['client'])}")
            assert shown.status_code == 200
            refused = get(receiving, path, Authorization=f"Bearer {tokens.token(roles=['phone'])}")
            assert refused.status_code == 403


def test_figures_and_readiness_tell_the_truth(receiving):
    pi = receiving.pi()
    pi.send(("a.txt", b"12345"))
    assert receiving.role.metric("pi_receiver_files_total", way="legacy") == 1
    assert receiving.role.metric("pi_receiver_bytes_total") == 5
    assert receiving.role.metric("pi_receiver_uploads") == 0
    assert get(receiving, "/readyz").json()["dependencies"]["ids"]["ok"]
    receiving.ids.unlink()
    ready = get(receiving, "/readyz")
    assert (ready.status_code, ready.json()["dependencies"]["ids"]["ok"]) == (503, False)
    assert pi.ask().text == "401"
