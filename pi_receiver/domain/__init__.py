"""What is decided about Pis, their channels and their files: values and rules. No files, no clock, no HTTP."""
