"""Which way a file goes, how often it is tried, and that nothing moves without an answer that says so."""

from pathlib import Path

import pytest

from edge_devices.pi_sender.delivery import Delivery, Patience
from edge_devices.pi_sender.folder import Outbox
from edge_devices.pi_sender.progress import Progress
from edge_devices.pi_sender.receiver import Answer, CutOff, NotKnown, NotReached, Refused
from edge_devices.pi_sender.tus_link import NotOffered

OK = Answer(200, "200", {})


class Way:
    """A way of sending that does what is written, in order, and answers 200 after that."""

    def __init__(self, *script, then=OK):
        self._script = list(script)
        self._then = then
        self.sent = []
        self.closed = 0

    def open(self):
        return None

    def close(self):
        self.closed += 1

    def send(self, file, *, told, left=None):
        self.sent.append((file.name, left))
        step = self._script.pop(0) if self._script else self._then
        if isinstance(step, tuple):
            told(step[0])
            step = step[1]
        if isinstance(step, Exception):
            raise step
        return step


@pytest.fixture
def outbox(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"a")
    (folder / "big.csv").write_bytes(bytes(2_000))
    return Outbox(folder)


def run(outbox, *, forms=None, resumable=None, tries=3, stopped=lambda: False):
    pauses = []
    delivery = Delivery(
        outbox=outbox,
        forms=forms or Way(),
        resumable=resumable or Way(then=NotOffered()),
        progress=Progress(),
        key=None,
        patience=Patience(tries=tries, resumable_from=1_000),
        pause=pauses.append,
    )
    report = delivery.run(outbox.waiting(), stopped)
    return report, pauses


def test_small_files_go_by_form_and_large_ones_so_that_they_can_go_on(outbox):
    forms, resumable = Way(), Way(then=Refused("415"))
    report, _ = run(outbox, forms=forms, resumable=resumable)
    assert (forms.sent, resumable.sent) == ([("a.csv", 2)], [("big.csv", None)])
    assert (report.sent, len(report.kept)) == (1, 1)


def test_a_receiver_without_resumable_uploads_is_asked_once(outbox, tmp_path):
    (tmp_path / "logs" / "huge.csv").write_bytes(bytes(3_000))
    forms, resumable = Way(), Way(then=NotOffered())
    report, _ = run(outbox, forms=forms, resumable=resumable)
    assert [name for name, _ in forms.sent] == ["a.csv", "big.csv", "huge.csv"]
    assert (len(resumable.sent), report.sent) == (1, 3)


def test_what_may_mend_itself_is_tried_again_and_the_waits_grow(outbox):
    forms = Way(CutOff("x"), NotReached("x"))
    report, pauses = run(outbox, forms=forms)
    assert report.sent == 2
    assert [name for name, _ in forms.sent] == ["a.csv"] * 3 + ["big.csv"]
    assert 0 < pauses[0] < pauses[1]
    assert forms.closed >= 2, "a channel that broke is not used again"


def test_after_so_many_tries_a_file_is_kept_and_the_next_one_goes(outbox, capsys):
    report, pauses = run(outbox, forms=Way(*[CutOff("x")] * 3))
    assert (report.sent, len(report.kept), len(pauses)) == (1, 1, 2)
    assert capsys.readouterr().out == "a.csv could not be sent\n"
    assert [str(waiting.path) for waiting in outbox.waiting()] == ["a.csv"]


def test_a_receiver_that_went_for_good_ends_the_run(outbox):
    with pytest.raises(NotReached):
        run(outbox, forms=Way(then=NotReached("x")))
    assert len(outbox.waiting()) == 2


def test_a_try_that_brought_some_of_a_file_there_is_not_counted(outbox):
    cuts = [(offset, CutOff("x")) for offset in range(100, 1_000, 100)]
    receipt = Answer(204, "", {"Receipt": "x"})
    resumable = Way(*cuts, then=receipt)
    _, pauses = run(outbox, resumable=resumable, tries=2)
    assert len(resumable.sent) == len(cuts) + 1
    assert max(pauses) < 1.0, "the waits begin anew as well"
    resumable = Way(*[(500, CutOff("x"))] * 9)
    assert (len(run(outbox, resumable=resumable, tries=2)[0].kept), len(resumable.sent)) == (1, 3)


def test_a_channel_that_died_is_opened_anew_once(outbox):
    forms = Way(NotKnown("401"))
    assert run(outbox, forms=forms)[0].sent == 2
    outbox.waiting()


def test_a_pi_that_is_not_known_ends_the_run(outbox):
    with pytest.raises(NotKnown):
        run(outbox, forms=Way(then=NotKnown("401")))
    assert len(outbox.waiting()) == 2


@pytest.mark.parametrize("code", ["412", "415", "413"])
def test_a_refusal_is_not_repeated_but_for_a_checksum(outbox, code):
    forms = Way(Refused(code))
    assert (len(run(outbox, forms=forms)[0].kept), len(forms.sent)) == (1, 2)
    forms = Way(Refused("500"))
    assert (len(run(outbox, forms=forms)[0].kept), len(forms.sent)) == (0, 2)


@pytest.mark.parametrize(
    "answer", [Answer(204, "", {}), Answer(200, "OK", {}), Answer(200, "200", {"receipt": "x.y.z"})]
)
def test_an_answer_that_says_nothing_of_these_bytes_moves_nothing(outbox, answer):
    report, _ = run(outbox, forms=Way(then=answer))
    assert (report.sent, len(report.kept)) == (0, 2)
    assert not Path(outbox.sent).exists()


def test_a_stop_ends_the_run_between_two_files(outbox):
    asked = iter([False, True])
    report, _ = run(outbox, stopped=lambda: next(asked))
    assert (report.sent, len(report.kept)) == (1, 0)
