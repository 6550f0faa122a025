"""Child process that takes one picture with OpenCV: a camera that hangs costs this process only. Knows no network.

`python -m edge_devices.capture.opencv_child SOURCE WARM_UP_SECONDS FILE`; exit code 3 with a text: no picture.
"""

import sys
import time

EXIT_REFUSED = 3


def capture(source: str, warm_up: float, file: str) -> str | None:
    """Write the picture that a camera gives after its warm-up, in seconds; return what went wrong, None when nothing.

    Args:
        source: an index such as `0`, a device such as `/dev/video2`, or the address of a stream.
    """
    try:
        import cv2  # noqa: PLC0415 - a device without a camera has none
    except ImportError:
        return "expected OpenCV for a camera, got none: in the sources, pip install '.[snap-camera]'"
    camera = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    try:
        if not camera.isOpened():
            return f"expected a camera at {source}, got none that opens"
        ready = time.monotonic() + warm_up
        has_one, frame = camera.read()
        while time.monotonic() < ready:  # exposure and focus settle while pictures are read
            has_one, frame = camera.read()
            if not has_one:
                time.sleep(0.05)
        if not has_one or frame is None:
            return f"expected a picture of the camera at {source}, got none"
        return None if cv2.imwrite(file, frame) else f"expected to write {file}, but could not"
    finally:
        camera.release()


def main() -> None:
    """Take one picture as the arguments say."""
    fault = capture(sys.argv[1], float(sys.argv[2]), sys.argv[3])
    if fault is not None:
        sys.stderr.write(fault)
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
