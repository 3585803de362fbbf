"""Language identification: what is prose, the codes, and one file for each backend."""
