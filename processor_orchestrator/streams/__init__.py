"""Live pictures: a processor is asked to push JPEGs while somebody watches, and each goes to every viewer."""
