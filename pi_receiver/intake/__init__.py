"""What both ways in stand on: who a Pi is, its body piece by piece, the verified file, the receipt for it."""
