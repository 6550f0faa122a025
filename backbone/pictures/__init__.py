"""Foreign pictures, made safe: the cleaner asks the pool, which keeps zygotes, which fork a child for each picture."""
