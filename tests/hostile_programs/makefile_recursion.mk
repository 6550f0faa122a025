all:
	$(MAKE) all
