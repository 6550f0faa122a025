import pytest

from benchmarks import photo_matching, photo_sets
from benchmarks.comparison import ResultsDiffer


@pytest.mark.parametrize("detector", photo_matching.DETECTORS)
def test_both_ways_find_the_same_people_in_the_same_photos(detector):
    photos = photo_sets.stills().photos
    ours = photo_matching.Ours.with_jobs(detector, 4)
    found = ours.matches(photos)
    assert found == photo_matching.theirs(photos, ours.references)
    assert (0, "job 0") in found
    assert not any(job == "job 3" for _, job in found)


def test_matches_that_differ_fail_the_command_and_leave_the_table_alone(monkeypatch, tmp_path, capsys):
    def differ(_name, *, runs):
        raise ResultsDiffer(f"one match less in {runs} runs")

    monkeypatch.setattr(photo_matching, "rows", differ)
    monkeypatch.setattr(photo_matching, "RESULTS", tmp_path / "RESULTS.md")
    assert photo_matching.main([]) == 1
    assert "one match less in 5 runs" in capsys.readouterr().out
    assert not (tmp_path / "RESULTS.md").exists()
