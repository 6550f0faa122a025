"""What a cloudlet decides: who is sought, which batch can begin, what a server is told. No I/O, no clock, no log."""
