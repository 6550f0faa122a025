"""Takes a picture in a child process that is killed when it hangs. Opens no camera itself."""

import subprocess
import sys
from pathlib import Path

from edge_devices.capture.opencv_child import EXIT_REFUSED
from edge_devices.capture.sources import CaptureFailed

SECONDS_BEYOND_WARM_UP = 20.0
"""Opening a camera and the import of OpenCV on a small Pi."""


class CameraSource:
    """A camera that OpenCV opens.

    Args:
        source: an index, a device file or a stream's address.
        warm_up: seconds that the camera runs before the picture counts.
    """

    suffix = ".png"

    def __init__(self, source: str, warm_up: float) -> None:
        self._source = source
        self._warm_up = warm_up

    def write(self, file: Path) -> None:
        """Write a picture to `file`.

        Raises:
            CaptureFailed: there is none.
        """
        command = [sys.executable, "-m", "edge_devices.capture.opencv_child", self._source, str(self._warm_up)]
        seconds = self._warm_up + SECONDS_BEYOND_WARM_UP
        try:
            done = subprocess.run([*command, str(file)], timeout=seconds, capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            raise CaptureFailed(f"expected a picture within {seconds:g} s, got none; the camera hangs") from None
        except OSError as fault:
            raise CaptureFailed(f"expected to start the camera's process, got: {fault}") from None
        if done.returncode == EXIT_REFUSED:
            raise CaptureFailed(done.stderr.decode(errors="replace").strip()[-300:])
        if done.returncode != 0:
            raise CaptureFailed(f"the camera's process ended with {done.returncode}")
