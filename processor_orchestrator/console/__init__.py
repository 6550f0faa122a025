"""The console: the page, its session, and the JSON that it reads."""
