"""Requests in files: JSON or YAML, with templates or without, and what is neither."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.documents import DocumentError, read_document

_BILLIONS = "- &a0 [x, x]\n" + "\n".join(
    f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": {"b": [1, "2", null, true]}}', {"a": {"b": [1, "2", None, True]}}),
        ('\t{\n\t"a":\t1\n}', {"a": 1}),
        ("a:\n  b: [1, '2']", {"a": {"b": [1, "2"]}}),
        ("base: &b {x: 1}\nmore: {<<: *b, y: 2}", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
        ("n: {{ params.n }}", {"n": "{{ params.n }}"}),
        ('{"n": {{ params["n"] }}, "m": "s3://{{ ds }}/x"}', None),
        ("{{ var.json.request }}", "{{ var.json.request }}"),
        ("{{ key }}: 1 # {{ comment }}\n{# gone #}", {"{{ key }}": 1}),
        ("a: {% if x %}Minimize{% else %}Maximize{% endif %}", None),
        ("", None),
    ],
)
def test_a_text_says_a_document(text: str, document: Any) -> None:
    """Templates come back as they stood, with quotes around them or without."""
    found = read_document(text)
    if document is not None or not text:
        assert found == document
    elif "params" in text:
        assert found == {"n": '{{ params["n"] }}', "m": "s3://{{ ds }}/x"}
    else:
        assert found == {"a": text.removeprefix("a: ")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,}', "not JSON: line 1, column"),
        ("a: [1", "not YAML: line 1, column 6"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands twice"),
        ('{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice"),
        ("&a [*a]", "nested too deeply, or in itself"),
        ("[" * 100_000, "nested too deeply"),
        ("{% for x in y %}\n- {{ x }}\n{% endfor %}", "statements {% … %} decide what is in it"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: \x00", "special characters are not allowed"),
        ("a: 1\ue000", "U+E000"),
        (f'{{"a": {"9" * 5000}}}', "not JSON: Exceeds the limit"),
        (_BILLIONS, "has more than 100000 values"),
    ],
)
def test_what_is_no_document_is_one_line(text: str, said: str) -> None:
    """It says where and why, and runs nothing."""
    with pytest.raises(DocumentError) as error:
        read_document(text)
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet='{}[]":,\n -&*%#a1'))
def test_any_text_is_a_document_or_is_said_to_be_none(text: str) -> None:
    """Whatever stands in a file, there is no other error."""
    with contextlib.suppress(DocumentError):
        read_document(text)
