"""What may run on a node: the allow-list, kinds of containers, the inventory. No I/O, no clock."""
