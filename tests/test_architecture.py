"""Rules of the house that a reader could break without noticing."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "healthspace"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_FUNCTION, LONGEST_MODULE = 40, 400
WITHIN_AN_OPERATION = {
    "prove",  # what every change of a control or an attribute leaves
    "patient_of",  # the record's own Patient, for the operations of a permit that has been looked at
    *("find_identified", "find_replaced", "is_replaced_already", "read_named", "supersede"),  # steps of `deposit`
    *("relabel_around", "withdraw_around"),  # what follows a change of labels, and a withdrawal
    "ask_certificate",  # what follows the beginning and the end of a carer's help
}
SQL_WORDS = ("SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE ")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def functions_in(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def takes_a_permit(function: Function) -> bool:
    annotation = function.args.args[0].annotation if function.args.args else None
    return isinstance(annotation, ast.Name) and annotation.id == "Permit"


def begins_with_the_check(function: Function) -> bool:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    first = body[0].value if isinstance(body[0], ast.Expr) else None
    return isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute) and first.func.attr == "must_be_for"


def offenders(faults_of: Callable[[Path], list[str] | list[int]], modules: list[Path] = MODULES) -> dict[str, object]:
    """Module → what is wrong in it, for the modules where something is."""
    return {name_of(path): faults for path in modules if (faults := faults_of(path))}


def test_every_operation_begins_with_what_its_permit_must_be_for() -> None:
    def unchecked(path: Path) -> list[str]:
        functions = [each for each in functions_in(parsed(path)) if isinstance(each, ast.AsyncFunctionDef) and takes_a_permit(each)]
        operations = [each for each in functions if not each.name.startswith("_") and each.name not in WITHIN_AN_OPERATION]
        return [each.name for each in operations if not begins_with_the_check(each)]

    assert offenders(unchecked, [path for path in MODULES if path.parent.name == "record"]) == {}


def test_the_exceptions_exist() -> None:
    names = {function.name for path in MODULES if path.parent.name == "record" for function in functions_in(parsed(path))}
    assert names >= WITHIN_AN_OPERATION


def test_functions_stay_short() -> None:
    def long(path: Path) -> list[str]:
        return [each.name for each in functions_in(parsed(path)) if (each.end_lineno or 0) - each.lineno >= LONGEST_FUNCTION]

    assert offenders(long) == {}


def test_modules_stay_short() -> None:
    assert [name_of(path) for path in MODULES if len(path.read_text().splitlines()) > LONGEST_MODULE] == []


def test_no_statement_is_built_from_parts_at_run_time() -> None:
    def built(path: Path) -> list[int]:
        joined = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.JoinedStr)]
        return [node.lineno for node in joined if any(is_sql(part) for part in node.values[:1]) and len(node.values) > 1]

    assert offenders(built) == {}


def test_only_the_database_package_knows_the_driver() -> None:
    def drivers(path: Path) -> list[str]:
        nodes = list(ast.walk(parsed(path)))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        return [name for name in names if name.partition(".")[0] == "asyncpg"]

    assert offenders(drivers, [path for path in MODULES if path.parent.name != "database"]) == {}


def test_edges_hold_no_sql() -> None:
    def statements(path: Path) -> list[int]:
        return [node.lineno for node in ast.walk(parsed(path)) if is_sql(node)]

    assert offenders(statements, [path for path in MODULES if path.relative_to(SOURCE).parts[0] == "edge"]) == {}


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in MODULES if (tree := parsed(path)).body and not ast.get_docstring(tree)] == []


def is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(SQL_WORDS)
