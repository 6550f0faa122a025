"""Detections of one frame joined to the tracks of those before it; knows nobody by name."""
