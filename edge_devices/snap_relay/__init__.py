"""The way to a relay, and what is said on it; the same for cameras and for who asks them. Takes no picture."""
