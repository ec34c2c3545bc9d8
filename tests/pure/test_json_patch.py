"""JSON Patch: the examples of RFC 6902, what its public suite asks, and inputs that are never touched."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import HealthspaceError, Invalid, Malformed
from healthspace.fhir.exact_json import read_json
from healthspace.fhir.patching.json_patch import apply_json_patch, equal, split_pointer

DONE: dict[str, tuple[Any, Any, Any]] = {
    "A.1 adding a member": ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    "A.2 adding an element": ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    "A.3 removing a member": ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    "A.4 removing an element": ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    "A.5 replacing": ({"baz": "qux", "foo": "bar"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo", "foo": "bar"}),
    "A.6 moving a value": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7 moving an element": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8 testing": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.10 adding a nested member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "A.11 ignoring what is not known": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}],
        {"foo": "bar", "baz": "qux"},
    ),
    "A.14 escapes": ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    "A.16 adding a list": ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}], {"foo": ["bar", ["abc", "def"]]}),
    "the whole": ({"foo": "bar"}, [{"op": "replace", "path": "", "value": {"baz": "qux"}}], {"baz": "qux"}),
    "add replaces": ({"foo": 1}, [{"op": "add", "path": "/foo", "value": None}], {"foo": None}),
    "an empty name": ({"": 1}, [{"op": "replace", "path": "/", "value": 2}], {"": 2}),
    "a copy is another": (
        {"a": {"b": 1}},
        [{"op": "copy", "from": "/a", "path": "/c"}, {"op": "replace", "path": "/c/b", "value": 2}],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    "a move to itself": ({"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
    "numbers by value": ({"a": 1.0}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1.0}),
    "nothing": ({"a": 1}, [], {"a": 1}),
    "at the end": ({"a": [1, 2]}, [{"op": "add", "path": "/a/2", "value": 3}], {"a": [1, 2, 3]}),
}
UNDONE: dict[str, tuple[Any, Any, type[HealthspaceError]]] = {
    "A.9 a test that fails": ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "bar"}], Invalid),
    "A.12 nowhere": ({"foo": "bar"}, [{"op": "add", "path": "/baz/bat", "value": "qux"}], Invalid),
    "A.15 a text is no number": ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": "10"}], Invalid),
    "beyond the list": ({"a": [1]}, [{"op": "add", "path": "/a/8", "value": 0}], Invalid),
    "a leading zero": ({"a": [1, 2]}, [{"op": "replace", "path": "/a/01", "value": 0}], Invalid),
    "no number": ({"a": [1, 2]}, [{"op": "remove", "path": "/a/1e0"}], Invalid),
    "the end is nothing": ({"a": [1]}, [{"op": "remove", "path": "/a/-"}], Invalid),
    "removing what is not there": ({"a": 1}, [{"op": "remove", "path": "/b"}], Invalid),
    "replacing what is not there": ({"a": 1}, [{"op": "replace", "path": "/b", "value": 1}], Invalid),
    "true is not 1": ({"a": True}, [{"op": "test", "path": "/a", "value": 1}], Invalid),
    "into itself": ({"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/b/c"}], Invalid),
    "adding to a value": ({"a": "x"}, [{"op": "add", "path": "/a/b", "value": 1}], Invalid),
    "no list": ({"a": 1}, {"op": "remove", "path": "/a"}, Malformed),
    "no object": ({"a": 1}, ["remove"], Malformed),
    "an unknown operation": ({"a": 1}, [{"op": "spam", "path": "/a"}], Malformed),
    "no operation": ({"a": 1}, [{"path": "/a"}], Malformed),
    "no path": ({"a": 1}, [{"op": "remove"}], Malformed),
    "no value": ({"a": 1}, [{"op": "add", "path": "/b"}], Malformed),
    "no from": ({"a": 1}, [{"op": "copy", "path": "/b"}], Malformed),
    "no slash": ({"a": 1}, [{"op": "remove", "path": "a"}], Malformed),
    "a wrong escape": ({"a": 1}, [{"op": "remove", "path": "/~2"}], Malformed),
    "a path that is none": ({"a": 1}, [{"op": "remove", "path": None}], Malformed),
    "copies of copies": ({"a": 1}, [{"op": "copy", "from": "", "path": "/a"}] * 900, Invalid),
    "copies without end": ({"a": [0] * 100_000}, [{"op": "copy", "from": "/a", "path": f"/b{number}"} for number in range(50)], Invalid),
}


@pytest.mark.parametrize("name", DONE)
def test_a_patch_is_applied(name: str) -> None:
    document, operations, expected = DONE[name]
    before = copy.deepcopy((document, operations))
    assert apply_json_patch(document, operations) == expected
    assert (document, operations) == before


@pytest.mark.parametrize("name", UNDONE)
def test_a_patch_that_cannot_be_done_changes_nothing(name: str) -> None:
    document, operations, kind = UNDONE[name]
    before = copy.deepcopy(document)
    with pytest.raises(kind) as refused:
        apply_json_patch(document, [{"op": "add", "path": "/zz", "value": 1}, *operations] if isinstance(operations, list) else operations)
    assert type(refused.value) is kind
    assert str(refused.value.place).startswith("patch")
    assert document == before


def test_what_a_patch_empties_goes_and_what_it_brings_empty_stays() -> None:
    document = {"a": {"b": [{"c": 1}]}, "d": 1}
    assert apply_json_patch(document, [{"op": "remove", "path": "/a/b/0/c"}]) == {"d": 1}
    assert apply_json_patch(document, [{"op": "move", "from": "/a/b/0", "path": "/e"}]) == {"d": 1, "e": {"c": 1}}
    refilled = [{"op": "remove", "path": "/a/b/0"}, {"op": "add", "path": "/a/b/-", "value": 2}]
    assert apply_json_patch(document, refilled) == {"a": {"b": [2]}, "d": 1}
    assert apply_json_patch(document, [{"op": "add", "path": "/e", "value": {}}]) == {**document, "e": {}}
    assert apply_json_patch({"a": 1}, [{"op": "remove", "path": "/a"}]) == {}


def test_numbers_keep_their_text_through_a_patch() -> None:
    document = read_json(b'{"value": 1.00}')
    assert apply_json_patch(document, [{"op": "test", "path": "/value", "value": 1}])["value"].text == "1.00"


documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text("ab/~", max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)),
    max_leaves=10,
)


def pointers(value: Any, before: str = "") -> list[str]:
    found = [before]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += pointers(inner, f"{before}/{name.replace('~', '~0').replace('/', '~1')}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += pointers(inner, f"{before}/{index}")
    return found


@given(documents, documents, st.data())
def test_what_is_put_somewhere_is_found_there_and_taken_away_again(document: Any, value: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(pointers(document)))
    replaced = apply_json_patch(document, [{"op": "replace", "path": path, "value": value}, {"op": "test", "path": path, "value": value}])
    if path:
        back = apply_json_patch(document, [{"op": "copy", "from": path, "path": path}])
        assert equal(
            apply_json_patch(document, [{"op": "remove", "path": path}]), apply_json_patch(replaced, [{"op": "remove", "path": path}])
        )
        assert back is not document


@given(documents)
def test_a_value_equals_itself_and_its_pointers_are_read(document: Any) -> None:
    assert equal(document, copy.deepcopy(document))
    assert all(isinstance(split_pointer(pointer, "x"), list) for pointer in pointers(document))
