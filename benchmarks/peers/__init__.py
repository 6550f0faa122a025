"""What a user would run instead, written small and by behaviour, to measure against."""
