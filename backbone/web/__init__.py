"""What an HTTP server is made of: who may come in, handlers and sockets, health, streams. No role's routes."""
