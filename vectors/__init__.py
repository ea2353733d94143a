"""Test vectors for ports in other languages: made by the reference, answered by the port, judged by the clauses."""

from .checking import check
from .form import answers_schema, vectors_schema
from .making import make
from .writing import write

__all__ = ["answers_schema", "check", "make", "vectors_schema", "write"]
