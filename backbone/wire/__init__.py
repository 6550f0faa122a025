"""The messages on the wire, typed; bytes become objects here and nowhere else.

strict_json     bytes -> plain values, hostile input refused
values          ids, boxes and sightings that several messages share
from_processor, to_processor, from_client, to_client   one tagged union per direction
codec           decode(raw, union) -> message;  encode(message) -> bytes
stream_frames   the binary header before a JPEG on a processor's socket
"""
