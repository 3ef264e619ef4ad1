"""Public names are few, listed in `__all__`, and exist."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("optimizer", "geo", "datasets", "api")


def is_bare(tree: ast.Module) -> bool:
    """Tell whether a module, such as a package's `__init__`, holds nothing but its docstring."""
    return all(isinstance(node, ast.Expr) for node in tree.body)


MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if not is_bare(ast.parse(path.read_text(encoding="utf-8")))
)


def listed_names(tree: ast.Module) -> list[str] | None:
    """Return the names in a module's `__all__`, None when it has none."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return list(ast.literal_eval(value))
    return None


def unlisted_definitions(tree: ast.Module) -> set[str]:
    """Return the public top-level functions and classes that `__all__` leaves out."""
    defined = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    return {name for name in defined if not name.startswith("_")} - set(listed_names(tree) or ())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_lists_its_public_names(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = listed_names(tree)
    assert listed is not None, "no __all__"
    assert len(listed) == len(set(listed)), "a name is listed twice"
    assert unlisted_definitions(tree) == set()
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    assert [name for name in listed if not hasattr(module, name)] == []


def test_a_definition_that_is_not_listed_is_found() -> None:
    tree = ast.parse("__all__ = ['known']\ndef known(): ...\ndef forgotten(): ...\nclass _Inside: ...\n")
    assert unlisted_definitions(tree) == {"forgotten"}


def test_a_module_without_a_list_is_found() -> None:
    assert listed_names(ast.parse("def known(): ...\n")) is None
    assert listed_names(ast.parse("__all__: list[str] = []\n")) == []
