"""Requests of small devices: build what they bring, run it in the sandbox, write how it ended. Knows no queue."""
