"""Photos and old footage: decode, find faces, compare with who is sought, write what was found. Knows no queue."""
