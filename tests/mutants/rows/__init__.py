"""The mutants as rows, a file for each family of clauses."""
