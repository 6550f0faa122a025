"""Looks for others: their processes, their files, what they left behind."""

import os

pids = [name for name in os.listdir("/proc") if name.isdigit()]
print("ESCAPED" if len(pids) > 4 else "alone", pids)
print("ESCAPED" if set(os.listdir("/tmp")) - {"work"} else "nothing left behind")
print("ESCAPED" if set(os.environ) - {"PATH", "LANG", "LC_CTYPE", "PWD"} else "no environment")
