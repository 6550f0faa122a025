"""The models of faces that every role knows: their names, and what distances of each mean. Loads none."""
