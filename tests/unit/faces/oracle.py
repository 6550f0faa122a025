"""The package face_recognition, to compare with; importing it changes a switch of Pillow, which is put back."""

from PIL import ImageFile

_before = ImageFile.LOAD_TRUNCATED_IMAGES
import face_recognition  # noqa: E402 - between the two lines that keep the switch

ImageFile.LOAD_TRUNCATED_IMAGES = _before

__all__ = ["face_recognition"]
