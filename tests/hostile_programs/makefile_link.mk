all:
	ln -s /etc/shadow program
	mkfifo pipe
	ln -s /usr/bin/sh other
