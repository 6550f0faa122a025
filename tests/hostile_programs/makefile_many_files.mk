all:
	i=0; while true; do i=$$((i+1)); : > file$$i; done
