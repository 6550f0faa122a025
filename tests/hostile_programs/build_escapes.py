"""A build in Python that tries what a program would."""

import os
import socket
import sys

for path in ("/etc/shadow", "/usr/bin/gcc"):
    try:
        open(path, "ab").write(b"x")
        sys.exit("ESCAPED")
    except OSError as fault:
        print(fault)
try:
    socket.create_connection(("1.1.1.1", 80), 1)
    sys.exit("ESCAPED")
except OSError as fault:
    print(fault)
print(os.listdir("/"))
sys.exit("refused as it should be")
