"""A JPEG is made only when it is asked for, paid for by a token, and due."""

from camera_processor.domain.stream_demand import StreamDemand


def test_nothing_is_wanted_before_start_and_after_stop() -> None:
    demand = StreamDemand()
    assert not demand.wants(0.0)
    demand.start(fps=10, width=640, tokens=5)
    assert demand.wants(0.0)
    demand.stop()
    assert not demand.wants(10.0)


def test_each_jpeg_costs_a_token() -> None:
    demand = StreamDemand()
    demand.start(fps=60, width=640, tokens=2)
    assert [demand.wants(float(second)) for second in range(4)] == [True, True, False, False]
    demand.add_tokens(1)
    assert [demand.wants(float(second)) for second in range(4, 6)] == [True, False]


def test_a_camera_of_30_fps_is_thinned_to_what_is_asked_for() -> None:
    demand = StreamDemand()
    demand.start(fps=10, width=640, tokens=16)
    sent = 0
    for number in range(90):
        if demand.wants(number / 30):
            sent += 1
            demand.add_tokens(1)
    assert 30 <= sent <= 31


def test_a_jittering_camera_of_the_asked_rate_loses_no_frame() -> None:
    demand = StreamDemand()
    demand.start(fps=10, width=640, tokens=16)
    jitter = [0.0, 0.02, -0.02, 0.01, -0.01] * 10
    sent = 0
    for number, offset in enumerate(jitter):
        sent += demand.wants(number / 10 + offset)
        demand.add_tokens(1)
    assert sent == len(jitter)


def test_a_foolish_request_is_bounded() -> None:
    demand = StreamDemand()
    demand.start(fps=1e9, width=10**9, tokens=10**9)
    assert (demand.fps, demand.width, demand.tokens) == (60.0, 4096, 16)
    demand.add_tokens(10**9)
    assert demand.tokens == 16
