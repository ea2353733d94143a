"""Mutants that nobody wrote: our own code with one place changed, judged by the suite and by our own tests."""
