"""Finds places where a plain ``str`` may reach a widget, and with it markup.

Allowed where text is shown: string literals without ``[``, None, numbers, anything made by
``show``, ``show_block``, ``Content`` or ``Text``; functions whose return annotation in the same
file says so; names, attributes and functions called ``…content``; names annotated so, or only
ever bound to such values in the same function; and conditionals, sums and lists of these.
Literals are also allowed where markup is asked for. Everything else must go through ``show``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Where text is shown: the positions and keywords that carry it; None is every positional one.
_CALLS: dict[str, tuple[int | None, set[str]]] = {
    **dict.fromkeys(("Static", "Label"), (1, {"content", "renderable"})),
    **dict.fromkeys(("Button", "Checkbox", "RadioButton"), (1, {"label"})),
    "Option": (1, {"prompt"}),
    "update": (1, {"content"}),
    "notify": (1, {"message", "title"}),
    "add_row": (None, {"label"}),
    "add_column": (1, {"label"}),
    "add_columns": (None, set()),
    "add_option": (1, {"item"}),
    "update_cell": (3, {"value"}),
    "from_markup": (1, {"markup", "text"}),
    "from_ansi": (1, {"text"}),
}
_ATTRIBUTES = {
    "title", "sub_title", "border_title", "border_subtitle", "label", "tooltip", "prompt",
}  # fmt: skip
_MAKERS = {"show", "show_block"}
_TYPES = {"Content", "Text"}
_MADE_BY = {"from_markup": False, "assemble": True, "styled": True, "join": True, "blank": True}


@dataclass(frozen=True)
class Finding:
    """One place where data could become markup."""

    path: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}: pass it through show()"


def check(source: str, path: str) -> list[Finding]:
    """The findings in ``source``."""
    tree = ast.parse(source, path)
    safe_functions = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_safe_type(node.returns)
    }
    found = []
    for scope, node in _with_scope(tree):
        for value in _shown(node):
            if not _Judge(scope, safe_functions).safe(value):
                code = ast.unparse(value)
                found.append(
                    Finding(path, value.lineno, code if len(code) < 60 else code[:57] + "...")
                )
    return sorted(set(found), key=lambda finding: finding.line)


def check_files(files: list[Path], root: Path) -> list[Finding]:
    return [
        finding
        for file in files
        for finding in check(file.read_text(encoding="utf-8"), str(file.relative_to(root)))
    ]


def _with_scope(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node with the innermost function (or module) around it."""

    def walk(node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            yield scope, child
            inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from walk(child, child if inner else scope)

    return walk(tree, tree)


def _shown(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that ``node`` puts on the screen."""
    if isinstance(node, ast.Call):
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name not in _CALLS:
            return
        position, keywords = _CALLS[name]
        if name == "from_markup" and all(_literal(argument) for argument in node.args):
            return
        if name == "update" and (
            len(node.args) != 1 or isinstance(node.args[0], (ast.Dict, ast.Set))
        ):
            return
        if position is None:
            yield from node.args
        elif len(node.args) >= position:
            yield node.args[position - 1]
        yield from (k.value for k in node.keywords if k.arg in keywords)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(t, ast.Attribute) and t.attr in _ATTRIBUTES for t in targets):
            yield node.value


def _is_safe_type(annotation: ast.expr | None) -> bool:
    """``Content``, ``Text``, or a union of these and None."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _is_safe_type(annotation.left) and _is_safe_type(annotation.right)
    if isinstance(annotation, ast.Constant):
        return annotation.value is None
    return isinstance(annotation, ast.Name) and annotation.id in _TYPES


class _Judge:
    """Decides about expressions inside one function."""

    def __init__(self, scope: ast.AST, safe_functions: set[str]) -> None:
        self._scope = scope
        self._functions = safe_functions
        self._asking: set[str] = set()

    def safe(self, value: ast.expr) -> bool:
        match value:
            case ast.Constant():
                return not (isinstance(value.value, str) and "[" in value.value)
            case ast.IfExp():
                return self.safe(value.body) and self.safe(value.orelse)
            case ast.BoolOp():
                return all(self.safe(part) for part in value.values)
            case ast.BinOp(op=ast.Add()):
                return self.safe(value.left) and self.safe(value.right)
            case ast.Starred() | ast.Await():
                return self.safe(value.value)
            case ast.List() | ast.Tuple():
                return all(self.safe(part) for part in value.elts)
            case ast.ListComp() | ast.GeneratorExp():
                return self.safe(value.elt)
            case ast.Call():
                return self._call(value)
            case ast.Attribute():
                return value.attr.endswith("content")
            case ast.Name():
                return self._name(value.id)
        return False

    def _call(self, call: ast.Call) -> bool:
        if isinstance(call.func, ast.Name):
            name = call.func.id
            return name in _MAKERS | _TYPES | self._functions or name.endswith("content")
        if isinstance(call.func, ast.Attribute):
            name, owner = call.func.attr, call.func.value
            if isinstance(owner, ast.Name) and owner.id in _TYPES:
                return _MADE_BY.get(name, False) or (
                    name == "from_markup" and all(self.safe(a) or _literal(a) for a in call.args)
                )
            return name in self._functions or name in _MAKERS or name.endswith("content")
        return False

    def _name(self, name: str) -> bool:
        """Is everything that this function binds to ``name`` safe?"""
        if name.endswith("content") or name in self._asking:
            return True
        self._asking.add(name)
        try:
            bound = list(self._bound(name))
            return bool(bound) and all(bound)
        finally:
            self._asking.discard(name)

    def _bound(self, name: str) -> Iterator[bool]:
        for node in ast.walk(self._scope):
            match node:
                case ast.arg(arg=found) if found == name:
                    yield _is_safe_type(node.annotation)
                case ast.Assign() if any(_is_name(t, name) for t in node.targets):
                    yield self.safe(node.value)
                case ast.AnnAssign() if _is_name(node.target, name):
                    yield _is_safe_type(node.annotation) or (
                        node.value is not None and self.safe(node.value)
                    )
                case ast.AugAssign() | ast.NamedExpr() if _is_name(node.target, name):
                    yield self.safe(node.value)
                case ast.For() | ast.comprehension() if _binds(node.target, name):
                    yield isinstance(node.iter, (ast.List, ast.Tuple)) and self.safe(node.iter)
                case ast.Assign() | ast.withitem() if _binds_elsewhere(node, name):
                    yield False


def _literal(node: ast.expr) -> bool:
    """A literal may hold markup where markup is asked for."""
    return isinstance(node, ast.Constant)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _binds(target: ast.AST, name: str) -> bool:
    return any(_is_name(node, name) for node in ast.walk(target))


def _binds_elsewhere(node: ast.AST, name: str) -> bool:
    """Unpacking and ``with … as``: what comes out is unknown."""
    if isinstance(node, ast.Assign):
        return any(_binds(target, name) for target in node.targets)
    return (
        isinstance(node, ast.withitem)
        and node.optional_vars is not None
        and _binds(node.optional_vars, name)
    )
