"""What the workers decide by themselves: builds, outcomes, the sandbox's rules. No I/O, no clock."""
