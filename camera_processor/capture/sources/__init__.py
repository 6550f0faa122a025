"""One file a kind of camera source; `table` says which addresses are whose."""
