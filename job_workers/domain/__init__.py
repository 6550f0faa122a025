"""What the workers decide by themselves: builds, bounds and filters of the sandbox. No I/O, no clock."""
