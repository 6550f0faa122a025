"""The legacy way in: a one-time channel and a form for each file. Resumes nothing; that is the room `tus`."""
