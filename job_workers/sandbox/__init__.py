"""Walls around foreign code, the first process inside them, and a self-test. Knows no task and no queue."""
