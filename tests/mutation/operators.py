"""The mutants of a file: Cosmic Ray's operators and three of our own, without the changes that nobody can observe."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword, Name, String

#: What each arithmetic operator becomes; Cosmic Ray would try all eleven others, bit operations on floats among them.
_ARITHMETIC = {
    "Add": "Sub Mul",
    "Sub": "Add Mul",
    "Mul": "Div Add",
    "Div": "Mul Sub FloorDiv",
    "FloorDiv": "Div Mul",
    "Mod": "FloorDiv Mul",
    "Pow": "Mul Add",
    "BitOr": "BitAnd BitXor",
    "BitAnd": "BitOr BitXor",
}
#: The border moved, and the answer turned round.
_COMPARISONS = {
    "Eq": "NotEq",
    "NotEq": "Eq",
    "Lt": "LtE GtE",
    "LtE": "Lt Gt",
    "Gt": "GtE LtE",
    "GtE": "Gt Lt",
    "Is": "IsNot",
    "IsNot": "Is",
}
_ARGUMENTS = ("core/VariableReplacer", "core/VariableInserter")  # they must be told names
_WORDS = {"title", "source", "levels_words", "type"}


@dataclass(frozen=True)
class Mutant:
    """One changed place: the file, the line, the line's text before and after, and the whole changed text."""

    file: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.before}  →  {self.after}"


class _Ours(Operator):  # type: ignore[misc]  # Cosmic Ray ships no types
    @classmethod
    def examples(cls) -> tuple[()]:
        return ()

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if self.fits(node):
            yield node.start_pos, node.end_pos

    @abstractmethod
    def fits(self, node: Any) -> bool:
        """Whether this is a place that the operator changes."""


class DropsKeyword(_Ours):
    """f(x, dim=-1) → f(x, **{})."""

    def fits(self, node: Any) -> bool:
        return bool(node.type == "argument" and node.children[1] == "=" and node.children[0].value not in _WORDS)

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        return Name("**{}", node.start_pos, prefix=node.get_first_leaf().prefix)


class DropsStatement(_Ours):
    """self.training = mode → pass; a plain name's assignment stays, its loss is a NameError."""

    def fits(self, node: Any) -> bool:
        if node.type not in ("expr_stmt", "atom_expr") or node.parent.type != "simple_stmt":
            return False
        augmented = node.type == "expr_stmt" and len(node.children) == 3 and node.children[1].type == "operator"
        return node.type == "atom_expr" or (augmented and (node.children[1] != "=" or node.children[0].type != "name"))

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        return Keyword("pass", node.start_pos, prefix=node.get_first_leaf().prefix)


class ChangesText(_Ours):
    """ "0.999" → "0.998", "tanh" → "tanhX"; docstrings and error messages are left alone."""

    def fits(self, node: Any) -> bool:
        spoken = (
            node.parent is not None
            and node.parent.type == "argument"
            and getattr(node.parent.children[0], "value", "") in _WORDS
        )
        return bool(
            isinstance(node, String)
            and node.parent is not None
            and node.parent.type not in ("simple_stmt", "strings")
            and node.search_ancestor("raise_stmt") is None
            and not spoken
        )

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        body, quote = node.value[:-1], node.value[-1]
        changed = body[:-1] + str((int(body[-1]) + 9) % 10) if body[-1].isdigit() else body + "X"
        return String(changed + quote, node.start_pos, prefix=node.prefix)


def _operators() -> Iterator[Operator]:
    for name in operator_names():
        parts = name.split("_")
        kept = name not in _ARGUMENTS
        if "BinaryOperator" in name:
            kept = parts[2] in _ARITHMETIC.get(parts[1], "").split()
        elif "ComparisonOperator" in name:
            kept = parts[2] in _COMPARISONS[parts[1]].split()
        elif "UnaryOperator" in name:
            kept = parts[2] != "Invert"
        if kept:
            yield get_operator(name)()
    yield from (DropsKeyword(), DropsStatement(), ChangesText())


class _Observable(ast.NodeTransformer):
    """What a run can see of a file: annotations, docstrings' words and caches' sizes taken out."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        cached = ("cached_property", "lru_cache")
        names = {n.id: d for d in node.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)}
        node.decorator_list = [d for d in node.decorator_list if d not in [names[c] for c in cached if c in names]]
        if "cached_property" in names:
            node.decorator_list.append(ast.Name("property"))
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc.args = []
        return node


def _seen(text: str) -> str | None:
    try:
        tree = ast.parse(text)
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    return ast.dump(_Observable().visit(tree))


def mutants(file: str, text: str) -> list[Mutant]:
    """Every mutant of a file once, in the order of its lines."""
    found: dict[str | None, Mutant] = {None: Mutant(file, 0, "", "", ""), _seen(text): Mutant(file, 0, "", "", "")}
    lines = text.splitlines()
    for operator in _operators():
        places = sum(1 for node in ast_nodes(get_ast(text)) for _ in operator.mutation_positions(node))
        for occurrence in range(places):
            changed: str = mutate_code(text, operator, occurrence)
            new = changed.splitlines()
            line = next((i for i, (a, b) in enumerate(zip(lines, new, strict=False)) if a != b), 0)
            end = next((i for i, (a, b) in enumerate(zip(lines[::-1], new[::-1], strict=False)) if a != b), 0)
            after = " ".join(part.strip() for part in new[line : len(new) - end])
            before = " ".join(part.strip() for part in lines[line : len(lines) - end])
            found.setdefault(_seen(changed), Mutant(file, line + 1, before, after, changed))
    return sorted((mutant for mutant in found.values() if mutant.line), key=lambda mutant: mutant.line)
