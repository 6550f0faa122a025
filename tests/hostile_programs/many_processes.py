import os
import time

count = 0
try:
    while count < 10_000:
        if os.fork() == 0:
            time.sleep(1000)
        count += 1
except OSError as fault:
    print("ESCAPED" if count > 1_000 else fault)
