"""Hands received pictures and videos on to where people are sought. Receives nothing."""
