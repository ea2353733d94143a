"""Mutants: wrong quantizers, one fault each and named by it, over a right one.

Each is a class of the shared convention; `fsqcheck run fsqcheck.tests.mutants.shapes:ClipsInPlace --rule widened` shows
its fault. Those that need codebooks, projections or noise go through `making:adapted(module='…', name='…')`. rows/
says which clause must catch which, business.py what each clause looks at, matrix.py runs them all.
"""
