"""Pis that ask to be let in."""

import pytest

from backbone.errors import Unavailable
from pi_receiver.domain.applicants import Applicant, Applicants


def applicant(number, address="10.0.0.1", asked_at=0.0):
    return Applicant(f"{number:016x}", "1", address, asked_at)


def test_those_who_wait_are_bounded_by_address_and_in_all():
    waiting = Applicants(most=4, most_of_one=2, seconds=60)
    waiting.ask(applicant(1))
    waiting.ask(applicant(1))
    waiting.ask(applicant(2))
    with pytest.raises(Unavailable):
        waiting.ask(applicant(3))
    waiting.ask(applicant(3, "10.0.0.2"))
    waiting.ask(applicant(4, "10.0.0.3"))
    with pytest.raises(Unavailable):
        waiting.ask(applicant(5, "10.0.0.4"))
    waiting.ask(applicant(5, asked_at=61.0))
    waiting.let_in(applicant(5).pi_id)
    assert waiting.all() == []
