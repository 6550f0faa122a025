"""Brings files to the disk for good, and keeps the disk's reserve free. Knows no sender and no protocol."""
