"""What a camera processor decides: frames to detections, tracks, identities, boxes. No I/O, no clock, no log."""
