"""Teaches Pillow to open HEIC photos, in a process whose business foreign pictures are. Decodes none itself.

`pi-heif` (libheif with libde265, LGPL) decodes only, and the roles that read photos have it; the others import nothing.
"""

NO_DECODER = "a HEIC picture, for which this role has no decoder (pi-heif)"


def learn_heif() -> bool:
    """Let Pillow open HEIC from now on, on one thread; False: the decoder is not installed."""
    try:
        from pi_heif import register_heif_opener  # noqa: PLC0415 - not at the import of a role
    except ImportError:
        return False
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return True
