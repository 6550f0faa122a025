"""Pages for people: whatever a Pi said stands there as text."""

from pi_receiver.domain.applicants import Applicant
from pi_receiver.storage.ledger import Received
from pi_receiver.view.pages import station_page, stations_page

MARKUP = "<script>alert(1)</script>"


def test_names_and_addresses_bring_no_markup_into_a_page():
    one = Received("station7", f"{MARKUP}.txt", f"{MARKUP}.txt", 1, "7", "c" * 64, 1234, 0.0)
    for page in (station_page("7", [one], None), stations_page([], [Applicant("a" * 16, "7", MARKUP, 0.0)])):
        assert MARKUP not in page
        assert "&lt;script&gt;" in page


def test_sizes_and_times_are_readable_and_older_files_are_a_link():
    one = Received("station7", "a.txt", "a.txt", 1, "7", "c" * 64, 1_234_567, 1_700_000_000.0)
    page = station_page("7", [one], 41)
    for text in ("1,234,567", "2023-11-14 22:13:20 UTC", '<a href="/view/7?before=41">older</a>'):
        assert text in page
