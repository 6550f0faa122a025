"""What roles and job workers hand each other by Redis: tasks one way, results the other. Runs no task."""
