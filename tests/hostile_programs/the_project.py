"""Looks for the worker's own code, packages and settings."""

import importlib
import os

for name in ("redis", "rq", "backbone", "job_workers", "msgspec"):
    try:
        importlib.import_module(name)
        print("ESCAPED: found", name)
    except ImportError as fault:
        print(fault)
for path in (
    "/app",
    "/work",
    "/opt",
    "/srv",
    "/cache",
    "/programs",
    "/usr/local/lib",
    "/run/secrets",
    os.path.expanduser("~"),
):
    if path != "/" and os.path.exists(path):
        print("ESCAPED: found", path)
