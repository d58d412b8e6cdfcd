"""The structure of the package: `python tests/test_structure.py` prints it, the tests keep it."""

from __future__ import annotations

import ast
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import sksvhn
from sksvhn import cli

ROOT = Path(sksvhn.__file__).parent
ESTIMATORS = sorted(
    name
    for name in sksvhn.estimators.__all__
    if isinstance(getattr(sksvhn.estimators, name), type)
    and hasattr(getattr(sksvhn.estimators, name), "fit")
)

# Modules


def modules() -> dict[str, Path]:
    """Files of the package by the name they are imported with."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("sksvhn", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def repeated_basenames() -> list[str]:
    """Names that two modules have in different folders."""
    names = Counter(path.name for path in modules().values() if not path.name.startswith("__"))
    return sorted(name for name, n in names.items() if n > 1)


def imports(name: str, path: Path, *, at_run_time: bool) -> Iterator[str]:
    """Modules of the package that a module imports, from its top level only `at_run_time`."""
    tree = ast.parse(path.read_text())
    body = _top_level(tree) if at_run_time else ast.walk(tree)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    known = modules()
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *(node.module or "").split(".")] if node.level else [])
            base = (base or node.module or "").rstrip(".")
            for alias in node.names:
                target = f"{base}.{alias.name}"
                if target in known or base in known:
                    yield target if target in known else base


def _top_level(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if isinstance(node, ast.If):  # if TYPE_CHECKING
            continue
        yield node


def circles() -> list[str]:
    """Modules that import themselves by way of others, types included."""
    graph = {
        name: {target for target in imports(name, path, at_run_time=False) if target != name}
        for name, path in modules().items()
        if path.name != "__init__.py"
    }
    lazy = {name: set(imports(name, path, at_run_time=True)) for name, path in modules().items()}
    found = []
    for start in graph:
        seen, stack = set(), list(graph[start])
        while stack:
            name = stack.pop()
            if name == start:
                found.append(start)
                break
            if name not in seen and name in graph:
                seen.add(name)
                stack.extend(lazy[name])
    return sorted(found)


def private_imports() -> list[str]:
    """Imports of what another subpackage keeps to itself."""
    found = []
    for name, path in modules().items():
        for target in imports(name, path, at_run_time=False):
            own, other = (*name.split("."), "")[1], (*target.split("."), "")[1]
            private = any(part.startswith("_") for part in target.split(".")[2:])
            if private and other != own and not other.startswith("_"):
                found.append(f"{name} -> {target}")
    return list(dict.fromkeys(found))


def hasattr_on_estimators() -> list[str]:
    """Places that ask an estimator what it can do instead of knowing it."""
    return [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _asks_an_estimator(node)
    ]


def _asks_an_estimator(call: ast.Call) -> bool:
    """Whether it is hasattr, or getattr with a default; fitted attributes may be missing."""
    function = call.func.id if isinstance(call.func, ast.Name) else None
    if function != "hasattr" and (function != "getattr" or len(call.args) < 3):
        return False
    owner, name = call.args[:2]
    named = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", None)
    is_fitted = isinstance(name, ast.Constant) and str(name.value).endswith("_")
    return named in ("clf", "estimator", "reader", "model") and not is_fitted


def private_docstrings() -> list[tuple[str, int]]:
    """Places and lengths of docstrings that no user of the package or the command reads."""
    public = _public_definitions()
    return [
        (f"{name}:{node.lineno} {qualname}", len(docstring.splitlines()))
        for name, path in modules().items()
        for qualname, node in _definitions(ast.parse(path.read_text()))
        if (docstring := ast.get_docstring(node)) and (name, qualname) not in public
    ]


def _public_definitions() -> set[tuple[str, str]]:
    """Modules and names of what `__all__` names, its methods, its answers, and commands."""
    packages = [sksvhn, *(getattr(sksvhn, name) for name in sksvhn._PACKAGES)]
    left: list[Any] = [getattr(package, name) for package in packages for name in package.__all__]
    left += [command.callback for command in cli.app.registered_commands]
    found = set()
    while left:
        thing = left.pop()
        place = (getattr(thing, "__module__", None) or "", getattr(thing, "__qualname__", ""))
        if place in found or not place[0].startswith("sksvhn"):
            continue
        found.add(place)
        if isinstance(thing, type):
            members = [item for base in thing.__mro__ for item in vars(base).items()]
            methods = (m for name, m in members if not name.startswith("_") or name == "__call__")
            left += (getattr(m, "fget", getattr(m, "__func__", m)) for m in methods)
        else:  # what it returns
            answer = str(getattr(thing, "__annotations__", {}).get("return"))
            left.append(getattr(import_module(place[0]), answer, None))
    return found


Definition = ast.FunctionDef | ast.ClassDef


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition):
            yield prefix + node.name, node
            inside = ".<locals>." if isinstance(node, ast.FunctionDef) else "."
            yield from _definitions(node, prefix + node.name + inside)
        elif isinstance(node, ast.If | ast.Try):
            yield from _definitions(node, prefix)


# Estimators


def own_classes(name: str) -> list[str]:
    """Classes of the package that an estimator is made of."""
    cls = getattr(sksvhn.estimators, name)
    return [base.__name__ for base in cls.__mro__ if base.__module__.startswith("sksvhn")]


def n_parameters(name: str) -> int:
    """Parameters of an estimator's constructor."""
    return len(signature(getattr(sksvhn.estimators, name)).parameters)


class Walk:
    """What a call enters: files, functions, and how deep the loss lies below the call."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.functions: set[tuple[str, str]] = set()
        self.loss_stack: list[str] = []

    def of(self, call: Callable[[], Any]) -> Walk:
        """Follow a call."""
        sys.setprofile(self._enter)
        try:
            call()
        finally:
            sys.setprofile(None)
        return self

    def _enter(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "call":
            return
        file = frame.f_code.co_filename
        if _is_followed(file):
            self.files.add(file)
            self.functions.add((file, frame.f_code.co_qualname))
        if frame.f_code.co_name == "cross_entropy" and not self.loss_stack:
            above = frame.f_back
            while above is not None:
                if _is_followed(above.f_code.co_filename):
                    self.loss_stack.insert(0, above.f_code.co_qualname)
                above = above.f_back


def _is_followed(file: str) -> bool:
    return str(ROOT) in file or "/skorch/" in file


def walks() -> dict[str, Walk]:
    """Follow the flagship from `fit` to `load`."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (64, 32, 32), dtype=np.uint8)
    y = np.array(["1", "23"] * 32)
    clf = sksvhn.SVHNSequenceClassifier(max_epochs=1, random_state=0)
    with tempfile.TemporaryDirectory() as folder:
        photo, model = Path(folder) / "photo.png", Path(folder) / "model.sksvhn"
        Image.fromarray(X[0]).save(photo)
        clf.fit(X, y).predict(X)  # what is imported or compiled once
        clf.save(model)
        sksvhn.load(model)
        clf.read(photo)
        return {
            "fit": Walk().of(lambda: clf.fit(X, y)),
            "predict": Walk().of(lambda: clf.predict(X)),
            "read": Walk().of(lambda: clf.read(photo)),
            "save": Walk().of(lambda: clf.save(model)),
            "load": Walk().of(lambda: sksvhn.load(model)),
        }


def report() -> Iterator[str]:
    """Describe the structure, a fact per line."""
    paths = modules().values()
    n_lines = sum(len(path.read_text().splitlines()) for path in paths)
    yield f"files {len(paths)}, lines {n_lines}"
    for name in ESTIMATORS:
        yield f"{name}: {len(own_classes(name))} own classes, {n_parameters(name)} parameters"
    for name, walk in walks().items():
        n_skorch = sum("/skorch/" in file for file in walk.files)
        yield f"{name}: {len(walk.files)} files ({n_skorch} of skorch), " + (
            f"{len(walk.functions)} functions"
        )
        if walk.loss_stack:
            yield f"  {len(walk.loss_stack)} frames to the loss: {' > '.join(walk.loss_stack)}"
    yield f"basenames that occur twice: {len(repeated_basenames())} {repeated_basenames()}"
    yield f"imports of another subpackage's private modules: {len(private_imports())}"
    yield from (f"  {line}" for line in private_imports())
    yield f"hasattr on estimators: {len(hasattr_on_estimators())} {hasattr_on_estimators()}"
    yield f"modules in import circles: {len(circles())} {circles()}"
    lengths = [n for _, n in private_docstrings()]
    yield f"docstring lines of private things: {sum(lengths)}, longer than three: " + (
        f"{sum(n > 3 for n in lengths)}"
    )


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators_are_flat(name: str) -> None:
    assert len(own_classes(name)) <= 3
    assert n_parameters(name) <= 28


def test_a_file_name_occurs_once() -> None:
    assert repeated_basenames() == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles() == []


def test_what_an_estimator_can_do_is_known() -> None:
    assert hasattr_on_estimators() == []


def test_subpackages_keep_to_what_others_make_public() -> None:
    assert len(private_imports()) <= 8, private_imports()


def test_the_guide_names_every_module_of_the_estimators() -> None:
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    modules_there = {path.name for path in (ROOT / "estimators").glob("_*.py")} - {"__init__.py"}
    assert [name for name in sorted(modules_there) if f"`{name}`" not in guide] == []


def test_private_docstrings_are_short() -> None:
    assert [place for place, n in private_docstrings() if n > 3] == []


def test_modules_are_short() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name: n for name, n in lengths.items() if n > 510} == {}


if __name__ == "__main__":
    print(*report(), sep="\n")
