"""Calls that write files or read the clock: only the syntax tree shows them, not the imports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = "mailauth_dns"
ROOT = Path(__file__).parents[2]

Use = tuple[str, str]  # module below the package, and the call

_PATH_WRITES = frozenset(
    {"chmod", "hardlink_to", "lchmod", "mkdir", "rename", "rmdir", "symlink_to", "touch", "unlink"}
    | {"write_bytes", "write_text"}
)
_OS_WRITES = frozenset(
    {"chmod", "chown", "fchmod", "fchown", "lchown", "link", "makedirs", "mkdir", "mkfifo"}
    | {"open", "remove", "removedirs", "rename", "renames", "replace", "rmdir", "symlink"}
    | {"truncate", "unlink", "utime"}
)
_WRITING_MODULES = frozenset({"shutil", "tempfile"})
_CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "gmtime", "localtime"})


def writes(package: Path) -> set[Use]:
    """Return the calls that open a file for writing, or make, move or delete one."""
    return _uses(package, _write)


def clock_readings(package: Path) -> set[Use]:
    """Return the calls that ask what time it is, without those that only measure durations."""
    return _uses(package, _clock_reading)


def library_imports(package: Path) -> set[Use]:
    """Return what each module imports from outside the package, by the first part of its name."""
    return _uses(package, _library)


def _uses(package: Path, seen: Callable[[ast.AST], Iterator[str]]) -> set[Use]:
    return {
        (path.relative_to(package).as_posix(), use)
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] != "template"  # what is written into other repos
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for use in seen(node)
    }


def _write(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module="os" | "shutil" | "tempfile" as module, names=names):
            known = _OS_WRITES if module == "os" else frozenset(name.name for name in names)
            yield from (f"{module}.{name.name}" for name in names if name.name in known)
        case ast.Call(func=ast.Name(id="open"), args=args, keywords=keywords):
            yield from _opened("open", args[1:], keywords)
        case ast.Call(func=ast.Attribute(ast.Name("os"), name), args=args, keywords=keywords):
            if name == "fdopen":
                yield from _opened("os.fdopen", args[1:], keywords)
            elif name in _OS_WRITES:
                yield f"os.{name}"
        case ast.Call(func=ast.Attribute(ast.Name(module), name)) if module in _WRITING_MODULES:
            yield f"{module}.{name}"
        case ast.Call(func=ast.Attribute(attr="open"), args=args, keywords=keywords):
            yield from _opened("open", args, keywords)
        case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):
            yield "replace"  # a path's takes one argument, a text's two, a time's only named ones
        case ast.Call(func=ast.Attribute(attr=name)) if name in _PATH_WRITES:
            yield name


def _opened(call: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[str]:
    """Yield the call unless its mode is plain to see and only reads."""
    named = [keyword.value for keyword in keywords if keyword.arg in ("mode", None)]
    match [*args[:1], *named]:
        case []:
            pass
        case [ast.Constant(value=str(mode))] if not set(mode) & set("wax+"):
            pass
        case _:
            yield call


def _clock_reading(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in _CLOCKS:
            if ast.unparse(owner).rpartition(".")[2] in ("time", "datetime", "date"):
                yield f"{ast.unparse(owner)}.{name}"
        case ast.ImportFrom(module="time", names=names):
            yield from (f"time.{name.name}" for name in names if name.name in _CLOCKS)


def _library(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            found = [name.name for name in names]
        case ast.ImportFrom(module=str(module), level=0):
            found = [module]
        case _:
            return
    yield from (name.split(".")[0] for name in found if name.split(".")[0] != PACKAGE)
