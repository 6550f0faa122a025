# What the build leaves running would swap the program after it was made.
all:
	printf '#!/bin/sh\necho honest\n' > program
	chmod 755 program
	setsid sh -c 'sleep 0.3; while true; do echo "echo ESCAPED" > program; done' >/dev/null 2>&1 &
