"""From a query to one SQL statement. Only constants of this module are joined; every value travels as a parameter.

A statement about one owner names that owner at every table, so that it goes to one shard (`../rules/cluster.md`). One about
several owners, or all, is for callers that may see them: it reads across shards, by intention.
"""

from collections.abc import Sequence

from healthspace.base.ids import REGISTRY
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.searching.parameters import fingerprint_of
from healthspace.resources.hashing import after_all
from healthspace.resources.query import Condition, Either, Hashed, Named, Not, Prefixed, Query, Ranged, Scope, Selects, Stale, Updated

_COLUMNS = "SELECT r.owner, r.type, r.id, r.version, r.updated, r.date, r.body{} FROM resource r WHERE r.type = {}"
# The key of the one owner comes along, so that nothing more has to be asked.
_KEY_OF_ONE = ", (SELECT o.wrapped_key FROM owner o WHERE o.owner = {} AND o.state = 'open') AS wrapped_key"
_KEY_OF_MANY = ", NULL::bytea AS wrapped_key"
_TOKENS = "SELECT r.id, r.tokens{} FROM resource r WHERE r.type = {}"
_IDS = "SELECT r.id{} FROM resource r WHERE r.type = {}"
_COUNT = "SELECT count(*){} FROM resource r WHERE r.type = {}"
# Bodies are fetched of those that are wanted, and of no others.
_LATEST = """r.id = ANY (ARRAY(SELECT ranked.id FROM (
    SELECT r.id, rank() OVER (PARTITION BY carried.h ORDER BY r.date DESC) AS place
      FROM resource r CROSS JOIN LATERAL (SELECT t.h FROM unnest(r.tokens) AS t (h) WHERE t.h = ANY ({hashes}::bigint[])) AS carried
     WHERE r.type = {type} AND {clauses}) AS ranked
 WHERE ranked.place <= {most}))"""
_DATES = "SELECT r.date{} FROM resource r WHERE r.type = {}"
# Of several types, each is read in the order of its index; every part of the statement knows the limit as $1.
_FIRST = "({} ORDER BY {} LIMIT $1)"
_TOGETHER = "SELECT * FROM ({}) AS r"
OF_ONE = "r.owner = {}"
OF_SEVERAL = "r.owner = ANY ({}::bigint[])"
HIDDEN = "(NOT r.tokens && {}::bigint[] OR r.tokens && ARRAY[{}::bigint])"
GONE = "NOT r.tokens && {}::bigint[]"
ADMITTED = """(r.tokens && {}::bigint[] OR (r.tokens && {}::bigint[] AND NOT r.tokens && {}::bigint[])
     OR r.tokens && ARRAY[{}::bigint]{})"""
APART = " OR NOT r.tokens && {}::bigint[]"
NOTHING = "false"

TOKENS = "r.tokens && {}::bigint[]"
ROWS_OF_ONE = """EXISTS (SELECT FROM ix_token i
     WHERE i.owner = {owner} AND i.h = ANY ({}::bigint[]) AND i.date = r.date AND i.id = r.id)"""
IDENTIFIED = """EXISTS (SELECT FROM ix_token i
     WHERE i.h = ANY ({}::bigint[]) AND i.h & 1 = 1 AND i.owner = r.owner AND i.date = r.date AND i.id = r.id)"""
ACROSS = "EXISTS (SELECT FROM xref x WHERE x.h = ANY ({}::bigint[]) AND x.owner = r.owner AND x.id = r.id)"
RANGES = """EXISTS (SELECT FROM unnest({}::int[], {}::float8[], {}::float8[], {}::float8[], {}::float8[])
            AS q (param, lo_from, lo_to, hi_from, hi_to)
      JOIN ix_range i ON i.owner = {owner} AND i.type = {type} AND i.param = q.param AND i.id = r.id
                     AND i.lo BETWEEN q.lo_from AND q.lo_to AND i.hi BETWEEN q.hi_from AND q.hi_to)"""
STRINGS = """EXISTS (SELECT FROM unnest({}::int[], {}::bytea[], {}::bytea[]) AS q (param, low, high)
      JOIN ix_string i ON i.owner = {owner} AND i.type = {type} AND i.param = q.param AND i.id = r.id
                      AND i.folded >= q.low AND i.folded < q.high)"""
# Among all citizens, what the index finds leads: names are read once, before any Patient is. PostgreSQL makes a join of an
# EXISTS only when the outer row is named in its WHERE; dates are left to it, since many may meet them.
STRINGS_OF_PATIENTS = """r.id = ANY (ARRAY(SELECT i.id FROM unnest({}::int[], {}::bytea[], {}::bytea[]) AS q (param, low, high)
      JOIN ix_string i ON i.type = {type} AND i.param = q.param AND i.folded >= q.low AND i.folded < q.high))"""
RANGES_OF_PATIENTS = """EXISTS (SELECT FROM unnest({}::int[], {}::float8[], {}::float8[], {}::float8[], {}::float8[])
            AS q (param, lo_from, lo_to, hi_from, hi_to), ix_range i
     WHERE i.owner = r.owner AND i.type = {type} AND i.param = q.param AND i.id = r.id
       AND i.lo BETWEEN q.lo_from AND q.lo_to AND i.hi BETWEEN q.hi_from AND q.hi_to)"""
IDS = "r.id = ANY ({}::uuid[])"
UPDATED = "r.updated BETWEEN {} AND {}"
STALE = "r.indexed <> {}"

# From one year to the one before that holds anything, by one look into the index for each. The first and the last instant of the
# calendar travel as infinite (asyncpg), which is no year.
YEARS = """(WITH RECURSIVE latest AS (
    ({dates} ORDER BY r.date DESC LIMIT 1)
    UNION ALL
    SELECT ({dates} AND r.date < date_trunc('year', latest.date, $1) ORDER BY r.date DESC LIMIT 1) FROM latest WHERE latest.date IS NOT NULL
) SELECT {type}::smallint AS type, extract(year FROM date AT TIME ZONE $1)::integer AS year FROM latest WHERE isfinite(date))"""

# Orders that an index gives, each with the condition that a page goes on from.
BY_ID = {False: ("r.id > {}", "r.id"), True: ("r.id < {}", "r.id DESC")}
BY_DATE = {False: ("(r.date, r.id) > ({}, {})", "r.date, r.id"), True: ("(r.date, r.id) < ({}, {})", "r.date DESC, r.id DESC")}
BY_UPDATE = {
    False: ("(r.updated, r.id) > ({}, {})", "r.updated, r.id"),
    True: ("(r.updated, r.id) < ({}, {})", "r.updated DESC, r.id DESC"),
}
# When a resource was last written as of the search's beginning: what is written meanwhile keeps its place until the last page.
AS_OF = """CASE WHEN r.updated <= {since} THEN r.updated ELSE (SELECT max(h.updated) FROM resource_history h
     WHERE h.owner = {owner} AND h.type = {type} AND h.id = r.id AND h.updated <= {since}) END"""
Place = tuple[object, ...]
"""What a page goes on from, as values of the statement: an id; a time and an id; and, in the order of updates, when the search began."""
Compiled = tuple[str, list[object]]


def compile_page(query: Query, scope: Scope, order: tuple[str, str], after: Place | None, limit: int) -> Compiled:
    """Rows of the resources that meet the conditions of `query`, in `order` (one of the tables above), from `after` on."""
    going_on, key = order
    statement = _Statement(query, scope)
    clauses = statement.clauses()
    if after is not None and len(after) > 2:
        return statement.finish_as_of(clauses, after, limit, descending=key.endswith("DESC"))
    if after is not None:
        clauses.append(going_on.format(*(statement.bind(value) for value in after)))
    return statement.finish(_COLUMNS, clauses, f" ORDER BY {key} LIMIT {statement.bind(limit)}")


def compile_bodies(query: Query, scope: Scope, limit: int) -> Compiled:
    """Rows of the resources that meet the conditions, in no order."""
    statement = _Statement(query, scope)
    return statement.finish(_COLUMNS, statement.clauses(), f" LIMIT {statement.bind(limit)}")


def compile_ids(query: Query, scope: Scope) -> Compiled:
    """The ids of the resources that meet the conditions, in no order."""
    statement = _Statement(query, scope)
    return statement.finish(_IDS, statement.clauses(), "")


def compile_tokens(query: Query, scope: Scope, order: tuple[str, str], limit: int) -> Compiled:
    """Ids and hashes of the first resources that meet the conditions, in `order`: what the index knows of each, which is not opened."""
    statement = _Statement(query, scope)
    return statement.finish(_TOKENS, statement.clauses(), f" ORDER BY {order[1]} LIMIT {statement.bind(limit)}")


def compile_latest(query: Query, scope: Scope, hashes: tuple[int, ...], most: int) -> Compiled:
    """Rows of the resources of one owner that are the latest `most` of those that carry one of `hashes`, for each of these; those of one
    time stay together."""
    statement = _Statement(query, scope)
    return statement.finish_latest(statement.clauses(), hashes, most)


def compile_count(query: Query, scope: Scope) -> Compiled:
    """How many resources meet the conditions."""
    statement = _Statement(query, scope)
    return statement.finish(_COUNT, statement.clauses(), "")


def compile_together(asked: Sequence[tuple[Query, Scope]], before: Place | None, limit: int) -> Compiled:
    """Rows of resources of several types together, the latest clinical date first, from `before` (a date and an id) on.

    Each type is read in the order of its index: no more is looked at than `limit` of each.
    """
    (going_on, order), values = BY_DATE[True], [limit, *(before or ())]
    parts = []
    for query, scope in asked:
        statement = _Statement(query, scope, values)
        clauses = [*statement.clauses(), *([going_on.format("$2", "$3")] if before else [])]
        parts.append(_FIRST.format(statement.join(_COLUMNS, clauses), order))
    return _FIRST.format(_TOGETHER.format(" UNION ALL ".join(parts)), order), values


def compile_years(asked: Sequence[tuple[Query, Scope]], zone: str) -> Compiled:
    """The years, as a calendar of `zone` counts them, that hold something of each type; the latest first."""
    values: list[object] = [zone]
    statements = [_Statement(query, scope, values) for query, scope in asked]
    return " UNION ALL ".join(one.list_years() for one in statements) + " ORDER BY year DESC", values


class _Statement:
    """A statement under construction: numbers its parameters, behind those that `values` holds already."""

    def __init__(self, query: Query, scope: Scope, values: list[object] | None = None) -> None:
        self._query, self._scope = query, scope
        self._values: list[object] = [] if values is None else values
        self._type = self.bind(NUMBER[query.type])
        owners = scope.owners
        self._one = owners[0] if owners is not None and len(owners) == 1 else None
        self._owner = self.bind(self._one) if self._one is not None else "r.owner"

    def bind(self, value: object) -> str:
        self._values.append(value)
        return f"${len(self._values)}"

    def clauses(self) -> list[str]:
        scope, found = self._scope, list[str]()
        if self._one is not None:
            found.append(OF_ONE.format(self._owner))
        elif scope.owners is not None:
            found.append(OF_SEVERAL.format(self.bind(list(scope.owners))) if scope.owners else NOTHING)
        if scope.hidden.hashes:
            found.append(HIDDEN.format(self.bind(list(scope.hidden.hashes)), self.bind(scope.hidden.unless)))
        if scope.required:
            found.append(TOKENS.format(self.bind(list(scope.required))))
        if scope.gone:
            found.append(GONE.format(self.bind(list(scope.gone))))
        if scope.admitted is not None:
            admitted = scope.admitted
            columns = (list(admitted.types), list(admitted.classes), list(admitted.but), admitted.unless)
            places = [self.bind(column) for column in columns]
            found.append(ADMITTED.format(*places, APART.format(self.bind(list(admitted.apart))) if admitted.apart else ""))
        return found + [self._clause(condition) for condition in self._query.conditions]

    def finish_as_of(self, clauses: list[str], after: Place, limit: int, *, descending: bool) -> Compiled:
        """A page in the order of updates as it was when the search began; what was created since is in none."""
        moment, identifier, since = (self.bind(value) for value in after)
        written = AS_OF.format(since=since, owner=self._owner, type=self._type)
        sign, way = ("<", " DESC") if descending else (">", "")
        clauses.append(f"({written}, r.id) {sign} ({moment}, {identifier})")
        tail = f" ORDER BY {written}{way}, r.id{way} LIMIT {self.bind(limit)}"
        return self.finish(_COLUMNS.replace("{}", f"{{}}, {written} AS written", 1), clauses, tail)

    def finish_latest(self, clauses: list[str], hashes: tuple[int, ...], most: int) -> Compiled:
        places = {"hashes": self.bind(list(hashes)), "most": self.bind(most)}
        ranked = _LATEST.format(type=self._type, clauses=" AND ".join(clauses), **places)
        return self.finish(_COLUMNS, [OF_ONE.format(self._owner), ranked], "")

    def finish(self, head: str, clauses: list[str], tail: str) -> Compiled:
        key = "" if head in {_COUNT, _IDS, _TOKENS} else _KEY_OF_ONE.format(self._owner) if self._one is not None else _KEY_OF_MANY
        return self.join(head, clauses, key) + tail, self._values

    def list_years(self) -> str:
        return YEARS.format(dates=self.join(_DATES, self.clauses()), type=self._type)

    def join(self, head: str, clauses: list[str], more: str = "") -> str:
        """The statement without what follows its conditions; `more` is what its head tells beside its own columns."""
        return " AND ".join([head.format(more, self._type), *clauses])

    def _clause(self, condition: Condition) -> str:
        match condition:
            case Not(inner):
                return f"NOT {self._clause(inner)}"
            case Either(several):
                return "(" + " OR ".join(self._clause(one) for one in several) + ")"
            case Hashed():
                return self._hashed(condition)
            case Ranged(boxes):
                ends = zip(*((box.param, *box.lo, *box.hi) for box in boxes), strict=True)
                return self._exists(RANGES_OF_PATIENTS if self._among_patients else RANGES, *ends)
            case Prefixed(prefixes):
                ends = zip(*((number, low, after_all(low)) for number, low in prefixes), strict=True)
                return self._exists(STRINGS_OF_PATIENTS if self._among_patients else STRINGS, *ends)
            case Named(ids):
                return IDS.format(self.bind(list(ids)))
            case Stale():
                return STALE.format(self.bind(fingerprint_of(self._query.type)))
            case Updated(spans):
                return "(" + " OR ".join(UPDATED.format(self.bind(first), self.bind(last)) for first, last in spans) + ")"

    def _exists(self, template: str, *columns: object) -> str:
        arrays = [self.bind(list(column)) for column in columns]  # type: ignore[call-overload]
        return template.format(*arrays, owner=self._owner, type=self._type_of_index)

    @property
    def _type_of_index(self) -> str:
        """Among all citizens a Patient is found by an index of its own, which only a constant leads to."""
        return str(NUMBER["Patient"]) if self._among_patients else self._type

    @property
    def _among_patients(self) -> bool:
        return self._query.type == "Patient" and self._one is None

    def _hashed(self, condition: Hashed) -> str:
        hashes, patient = self.bind(list(condition.hashes)), self._query.type == "Patient"
        if self._one is None:
            if not condition.across:
                return TOKENS.format(hashes)
            return ACROSS.format(hashes) if patient else IDENTIFIED.format(hashes)
        registry = self._one == REGISTRY
        if condition.selects is Selects.EVERYWHERE and (registry or not patient):
            return ROWS_OF_ONE.format(hashes, owner=self._owner)
        if condition.selects is Selects.IN_REGISTRY and registry:
            return ROWS_OF_ONE.format(hashes, owner=self._owner)
        return TOKENS.format(hashes)
