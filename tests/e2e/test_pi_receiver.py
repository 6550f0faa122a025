"""A receiver and Pis that send as legacy senders do: every text of the protocol, and what a hostile Pi may try."""

import subprocess
import sys
from contextlib import suppress

import pytest
import requests

from tests.processes import ROOT, wait_until
from tests.receivers import TIMEOUT, Pi, Receiving, claims_of, digest_of

READINGS = b"1;20.5\n2;20.7\n"


@pytest.fixture(scope="module")
def receiving(tmp_path_factory):
    made = Receiving(tmp_path_factory.mktemp("receiver"), "--max-file-megabytes", "96")
    with made.running():
        yield made


@pytest.fixture
def pi(receiving) -> Pi:
    return receiving.pi()


def folder(pi: Pi) -> str:
    return f"station{pi.station}"


def test_a_legacy_sender_delivers_its_files(receiving, pi):
    files = [("a.txt", READINGS), ("b.csv", b"x,y\n"), ("c.json", b"{}"), ("empty.txt", b"")]
    assert pi.send(*files) == ["200"] * 4
    assert receiving.stored(folder(pi)) == dict(files)
    assert receiving.left_over() == []


def test_a_channel_is_twenty_letters_by_either_path_and_longer_when_asked_for(receiving, pi):
    for path in ("/upload", "/upload/"):
        answer = requests.get(receiving.url + path, headers=pi.headers, timeout=TIMEOUT)
        code, letters = answer.text.split(" ")
        assert (answer.status_code, code, len(letters), letters.isalpha()) == (200, "301", 20, True)
    assert len(pi.ask(**{"Channel-Letters": "45"}).text) == len("301 ") + 45
    assert pi.ask(**{"Channel-Letters": "4"}).status_code == 400


def test_diagnostics_go_to_their_own_folder(receiving, pi):
    assert pi.send(("Diagnostics-1.txt", b"ok")) == ["200"]
    assert receiving.stored(f"diagnostics/{folder(pi)}") == {"Diagnostics-1.txt": b"ok"}
    assert receiving.stored(folder(pi)) == {}


def test_the_checksum_may_come_as_a_file_part_as_sha256sum_prints_it(receiving, pi):
    line = f"{digest_of(READINGS).upper()} *a.txt\n"
    for order in (("sensor_data_file", "checksum"), ("checksum", "sensor_data_file")):
        parts = {"sensor_data_file": (f"{order[0]}.txt", READINGS), "checksum": ("a.sha256", line)}
        answer = requests.post(
            f"{receiving.url}/upload/{pi.channel()}",
            headers=pi.headers | {"num_files": "1"},
            files=[(name, parts[name]) for name in order],
            timeout=TIMEOUT,
        )
        assert answer.text == "200"
    both = {"sensor_data_file": ("b.txt", READINGS), "checksum": ("a.sha256", "0" * 64)}
    headers = pi.headers | {"num_files": "1", "checksum": digest_of(READINGS)}
    answer = requests.post(f"{receiving.url}/upload/{pi.channel()}", headers=headers, files=both, timeout=TIMEOUT)
    assert answer.text == "500"


def test_nobody_is_let_in_who_is_not_listed(receiving, pi):
    stranger = receiving.pi(listed=False)
    for answer in (stranger.ask(), requests.get(f"{receiving.url}/upload", timeout=TIMEOUT), pi.ask(pi_num="")):
        assert (answer.status_code, answer.text) == (200, "401")
    letters = pi.channel()
    assert stranger.post(letters, "a.txt", READINGS).text == "401"
    assert receiving.stored(f"station{stranger.station}") == {}


@pytest.mark.parametrize("missing", ["num_files", "checksum", "sensor_data_file", "pi_id", "pi_num"])
def test_a_missing_or_empty_field_is_told(receiving, pi, missing):
    answer = pi.post(pi.channel(), "a.txt", READINGS, drop=missing)
    assert (answer.status_code, answer.text) == (412, "412")
    if missing != "sensor_data_file":
        assert pi.post(pi.channel(), "a.txt", READINGS, **{missing: ""}).text == "412"
    assert receiving.stored(folder(pi)) == {}


def test_a_file_without_a_name_is_a_missing_field(receiving, pi):
    body = b'--b\r\nContent-Disposition: form-data; name="sensor_data_file"; filename=""\r\n\r\nx\r\n--b--\r\n'
    headers = pi.headers | {"num_files": "1", "checksum": digest_of(b"x")}
    headers["Content-Type"] = "multipart/form-data; boundary=b"
    answer = requests.post(f"{receiving.url}/upload/{pi.channel()}", headers=headers, data=body, timeout=TIMEOUT)
    assert answer.text == "412"


@pytest.mark.parametrize("name", ["a.exe", "a", "a.txt.sha256x", "a.sh"])
def test_only_allowed_suffixes_are_taken(receiving, pi, name):
    answer = pi.post(pi.channel(), name, READINGS)
    assert (answer.status_code, answer.text) == (415, "415")
    assert receiving.stored(folder(pi)) == {}


def test_flipped_short_and_long_files_are_refused_and_leave_nothing(receiving, pi):
    letters, right = pi.channel(), digest_of(READINGS)
    for wrong in (b"2" + READINGS[1:], READINGS[:-1], READINGS + b"\n", b""):
        answer = pi.post(letters, "a.txt", wrong, checksum=right)
        assert (answer.text, answer.status_code, "expected" in answer.headers["Problem"]) == ("500", 422, True)
    assert pi.post(letters, "a.txt", READINGS, checksum="no digest").text == "500"
    assert receiving.stored(folder(pi)) == {}
    assert receiving.left_over() == []
    assert pi.post(letters, "a.txt", READINGS).text == "200"


HOSTILE = [
    "../a.txt",
    "..\\a.txt",
    "/etc/a.txt",
    "a/b.txt",
    "C:\\x\\a.txt",
    "..",
    ".",
    ".a.txt",
    ".receiver",
    "a.txt.",
    "a\x00.txt",
    "a\n.txt",
    "a\x7f.txt",
    "\u202etxt.a.txt",
    "\uff0e\uff0e\uff0fa.txt",
    "a\u2044.txt",
    "con.txt",
    "x" * 300 + ".txt",
    "\u00e4" * 150 + ".txt",
    "%2e%2e%2fa.txt/x.txt",
    "a:b.txt",
    "a*.txt",
    "\u200b.txt",
    "LPT1.csv",
    " a.txt",
    "a.txt ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_not_cleaned(receiving, pi, name):
    head = f'Content-Disposition: form-data; name="sensor_data_file"; filename="{name}"'.encode()
    body = b"--b\r\n" + head + b"\r\n\r\n" + READINGS + b"\r\n--b--\r\n"
    headers = pi.headers | {"num_files": "1", "checksum": digest_of(READINGS)}
    headers["Content-Type"] = "multipart/form-data; boundary=b"
    before = receiving.visible()
    answer = requests.post(f"{receiving.url}/upload/{pi.channel()}", headers=headers, data=body, timeout=TIMEOUT)
    assert answer.status_code in {400, 412, 415}
    assert answer.text == str(answer.status_code)
    assert receiving.visible() == before
    assert receiving.left_over() == []


def test_the_first_station_of_an_id_stays_its_own(receiving, pi):
    pi.channel()
    assert pi.ask(pi_num=f"{pi.station}0").text == "401"
    assert pi.post(pi.channel(), "a.txt", READINGS, pi_num="99999").text == "401"
    other = receiving.pi()
    assert other.ask(pi_num=pi.station).text == "401", "another's station"
    assert other.ask().text.startswith("301")


def test_the_list_says_station_and_key(receiving):
    pi = receiving.pi(station="70001", key="a-long-enough-key")
    assert pi.send(("a.txt", READINGS)) == ["200"]
    assert pi.ask(pi_key="another-long-key").text == "401"
    assert pi.ask(pi_num="70002").text == "401"
    pi.more = {}
    assert pi.ask().text == "401"


def test_a_pi_that_is_struck_off_the_list_is_out_at_once(receiving, pi):
    letters = pi.channel()
    receiving.ids.write_text(receiving.ids.read_text().replace(pi.pi_id, ""))
    assert pi.ask().text == "401"
    assert pi.post(letters, "a.txt", READINGS).text == "401"


def test_a_channel_serves_its_own_pi_until_the_last_file(receiving, pi):
    other = receiving.pi()
    other.channel()
    letters = pi.channel()
    assert other.post(letters, "a.txt", READINGS).text == "401"
    assert pi.post("a" * 20, "a.txt", READINGS).text == "401"
    assert pi.post(letters, "a.txt", READINGS, left=2).text == "200"
    assert pi.post(letters, "b.txt", READINGS, left=1).text == "200"
    assert pi.post(letters, "c.txt", READINGS, left=1).text == "401"
    assert set(receiving.stored(folder(pi))) == {"a.txt", "b.txt"}
    assert receiving.stored(folder(other)) == {}


def test_the_same_file_again_counts_once_and_another_of_that_name_is_a_version(receiving, pi):
    assert pi.send(("a.txt", b"one"), ("a.txt", b"one"), ("a.txt", b"two"), ("a.txt", b"three")) == ["200"] * 4
    assert pi.send(("a.txt", b"two"), ("a.v2.txt", b"sly")) == ["200"] * 2
    stored = receiving.stored(folder(pi))
    assert stored == {"a.txt": b"one", "a.v2.txt": b"two", "a.v3.txt": b"three", "a.v2.v2.txt": b"sly"}


def test_a_file_that_was_there_before_us_is_never_replaced(receiving, pi):
    where = receiving.store / folder(pi)
    where.mkdir()
    (where / "old.txt").write_bytes(b"of the legacy receiver")
    (where / "trap.txt").symlink_to("/etc/passwd")
    assert pi.send(("old.txt", b"of the legacy receiver"), ("old.txt", b"new"), ("trap.txt", b"x")) == ["200"] * 3
    assert (where / "old.txt").read_bytes() == b"of the legacy receiver"
    assert (where / "old.v2.txt").read_bytes() == b"new"
    assert (where / "trap.txt").is_symlink()
    assert (where / "trap.v2.txt").read_bytes() == b"x"


def test_a_station_folder_that_leads_elsewhere_is_not_followed(receiving, pi, tmp_path):
    (receiving.store / folder(pi)).symlink_to(tmp_path)
    answer = pi.post(pi.channel(), "a.txt", READINGS)
    assert answer.status_code == 503
    assert list(tmp_path.iterdir()) == []


def test_a_file_over_the_cap_is_refused(receiving, pi):
    answer = pi.post(pi.channel(), "a.txt", b"\0" * (97 * 1024 * 1024))
    assert (answer.status_code, answer.text) == (413, "413")
    assert receiving.left_over() == []


def test_a_file_that_does_not_tell_its_length_is_cut_off_at_the_cap(receiving, pi):
    by_pieces = (b"\0" * 1024 * 1024 for _ in range(200))
    headers = pi.headers | {"num_files": "1", "checksum": "0" * 64, "Content-Type": "multipart/form-data; boundary=b"}
    url = f"{receiving.url}/upload/{pi.channel()}"
    with suppress(requests.ConnectionError):
        assert requests.post(url, headers=headers, data=by_pieces, timeout=TIMEOUT).status_code == 400
    wait_until(lambda: not receiving.left_over(), "the temporary file to go")


def test_what_is_no_form_is_refused(receiving, pi):
    for kind, body in (
        ("text/plain", b"x"),
        ("multipart/form-data; boundary=b", b"--c\r\n"),
        ("multipart/form-data", b""),
    ):
        headers = pi.headers | {"num_files": "1", "checksum": digest_of(b""), "Content-Type": kind}
        answer = requests.post(f"{receiving.url}/upload/{pi.channel()}", headers=headers, data=body, timeout=TIMEOUT)
        assert answer.status_code in {400, 412}, kind


def test_a_receipt_says_what_was_stored(receiving, pi):
    letters = pi.channel()
    pi.post(letters, "a.txt", b"one", left=2)
    claims = claims_of(pi.post(letters, "a.txt", READINGS).headers["Receipt"])
    told = {name: claims[name] for name in ("station", "file", "stored", "version", "size", "sha256")}
    assert told == {
        "station": pi.station,
        "file": "a.txt",
        "stored": f"station{pi.station}/a.v2.txt",
        "version": 2,
        "size": len(READINGS),
        "sha256": digest_of(READINGS),
    }


def test_ids_and_keys_are_logged_nowhere(receiving):
    pi = receiving.pi(station="70003", key="never-told-to-anybody")
    pi.send(("a.txt", READINGS))
    pi.ask(pi_num="1")
    assert pi.pi_id not in str(receiving.role.logs)
    assert "never-told" not in str(receiving.role.logs)
    assert pi.pi_id.encode() not in (receiving.store / ".receiver" / "ledger.sqlite3-wal").read_bytes()


@pytest.mark.parametrize("missing", ["ids.txt", "received_files"])
def test_without_its_files_and_folders_it_does_not_run(tmp_path, missing):
    made = Receiving(tmp_path)
    if missing == "ids.txt":
        made.ids.unlink()
    else:
        made.store.rmdir()
    command = [sys.executable, "-m", "pi_receiver", "--ids", str(made.ids), "--received-files", str(made.store)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "Error finding files and folders\n"


def test_two_receivers_never_share_a_folder(receiving):
    command = [sys.executable, "-m", "pi_receiver", "--port", "0", "--ids", str(receiving.ids)]
    command += ["--received-files", str(receiving.store)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "only receiver" in ended.stdout


def test_faults_are_refused_outside_test_mode(tmp_path):
    made = Receiving(tmp_path)
    command = [sys.executable, "-m", "pi_receiver", "--ids", str(made.ids), "--received-files", str(made.store)]
    ended = subprocess.run(
        [*command, "--fault", "before_fsync:1"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "TEST_MODE" in ended.stderr


def test_what_a_kill_left_half_done_is_gone_after_the_next_start(tmp_path):
    receiving = Receiving(tmp_path)
    with receiving.running("--fault", "after_write:1", environment={"TEST_MODE": "1"}) as role:
        pi = receiving.pi()
        letters = pi.channel()
        with pytest.raises(requests.ConnectionError):
            pi.post(letters, "a.txt", READINGS)
        assert role.process.wait(timeout=40) == -9
        assert receiving.left_over() != []
    with receiving.running():
        assert receiving.left_over() == []
        assert receiving.visible() == []
        pi.url = receiving.url
        assert pi.send(("a.txt", READINGS)) == ["200"], "the station is still its own"
        assert receiving.stored(folder(pi)) == {"a.txt": READINGS}


@pytest.mark.parametrize("point", ["before_rename", "after_rename", "before_ledger", "after_ledger", "before_reply"])
def test_killed_between_two_steps_a_file_is_there_whole_or_not_at_all_and_never_twice(tmp_path, point):
    receiving = Receiving(tmp_path)
    with receiving.running("--fault", f"{point}:1", environment={"TEST_MODE": "1"}):
        pi = receiving.pi()
        letters = pi.channel()
        with pytest.raises(requests.ConnectionError):
            pi.post(letters, "a.txt", READINGS)
    assert [path.read_bytes() for path in receiving.visible()] in ([], [READINGS])
    with receiving.running():
        pi.url = receiving.url
        assert pi.send(("a.txt", READINGS)) == ["200"]
        assert receiving.stored(folder(pi)) == {"a.txt": READINGS}
        assert receiving.noted() == [(f"{folder(pi)}/a.txt", digest_of(READINGS))]
