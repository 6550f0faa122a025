"""Fake peers that speak the real protocols on loopback; nothing here is a mock of our own code."""
