"""Arguments that are documents of AWS's: mappings, JSON or YAML text, or files beside the DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from airflow.sdk import BaseOperator

from sagemaker_tuning.core.documents import DocumentError, read_document
from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

_FILES = (".json", ".yaml", ".yml")
_UNKNOWN = "{{ … }}"


class TakesDocuments(BaseOperator):
    """An operator whose arguments are documents."""

    documents: ClassVar[Mapping[str, str]]
    """AWS's keys by the names of the arguments."""
    further_documents: ClassVar[Sequence[str]] = ()
    """Arguments that are documents of another kind: in no request, and given one by one."""

    def resolve_template_files(self) -> None:
        """Read the documents that are given as files beside the DAG.

        Not by ``template_ext``: with that, Airflow would take any string inside a document that
        ends in ``.json``, an S3 object for one, for a file too.
        """
        for field in (*self.documents, *self.further_documents):
            value = getattr(self, field)
            if _is_file(value):
                setattr(self, field, self._read(value))

    def _read(self, file: str) -> str:
        environment = self.get_template_env()
        assert environment.loader is not None  # noqa: S101 -- Airflow gives it one
        return environment.loader.get_source(environment, file)[0]

    def given_documents(self, context: Context | None = None) -> dict[str, Any]:
        """Give the documents under AWS's keys, without those that were not given.

        Args:
            context: To render files that Airflow did not: it does not resolve those of a mapped
                operator.

        Raises:
            InvalidTuningRequest: A text is neither JSON nor YAML.
        """
        return {
            key: document
            for field, key in self.documents.items()
            if (document := self.given_document(field, key, context)) is not None
        }

    def given_document(self, field: str, path: str, context: Context | None = None) -> Any:
        """Give one document; None if it was not given.

        Args:
            field: The argument's name.
            path: What an error calls it.
            context: As ``given_documents``.

        Raises:
            InvalidTuningRequest: A text is neither JSON nor YAML.
        """
        value = getattr(self, field)
        if context is not None and _is_file(value):
            value = self.render_template(self._read(value), context)
        return as_document(value, path)

    def parsed_documents(self) -> dict[str, Any]:
        """Give the documents as far as they are known when the DAG is parsed.

        What is not known, a file, a task's result, a text whose structure statements decide, is a
        template.

        Raises:
            InvalidTuningRequest: A text is neither JSON nor YAML.
        """
        return {
            key: document
            for field, key in self.documents.items()
            if (document := self.parsed_document(field, key)) is not None
        }

    def parsed_document(self, field: str, path: str) -> Any:
        """Give one document, or a template, as ``parsed_documents`` does; None if not given."""
        value = getattr(self, field)
        return as_document(value, path) if _is_readable(value) else _UNKNOWN


def as_bool(value: Any, path: str) -> bool:
    """Give a switch that may have been rendered from a template; an empty text is false.

    Raises:
        InvalidTuningRequest: It is neither a bool nor a text that says true or false.
    """
    said = value.strip().lower() if isinstance(value, str) else value
    if said in ("true", "false", "none", "", True, False, None):
        return said in ("true", True)
    raise InvalidTuningRequest([Violation(path, repr(value), "true or false")])


def as_document(value: Any, path: str) -> Any:
    """Give a document argument as a document: a string is JSON or YAML; None where it says nothing.

    Nothing is also what a template makes of a task's None: ``None``, as text.

    Raises:
        InvalidTuningRequest: The string is neither.
    """
    if not isinstance(value, str):
        return value
    try:
        document = read_document(value)
    except DocumentError as error:
        raise InvalidTuningRequest(
            [Violation(path, str(error), "a JSON or YAML document")]
        ) from error
    return None if document == "None" else document


def as_mapping(value: Any, path: str) -> dict[str, Any]:
    """Give a document argument that must be a mapping; empty if there is none.

    Raises:
        InvalidTuningRequest: It is none.
    """
    document = as_document(value, path)
    if document is not None and not isinstance(document, dict):
        raise InvalidTuningRequest([Violation(path, repr(document), "a mapping")])
    return document or {}


def as_texts(value: Any, path: str) -> list[str]:
    """Give a document argument that must be a list of texts; one text stands for a list of it.

    Raises:
        InvalidTuningRequest: It is neither, or an empty one.
    """
    document = as_document(value, path)
    listed = [document] if isinstance(document, str) else document
    is_right = isinstance(listed, list | tuple) and all(isinstance(each, str) for each in listed)
    if not is_right or not all(listed or [""]):
        rule = "a text, or a list of one or more of them"
        raise InvalidTuningRequest([Violation(path, repr(document), rule)])
    return list(listed)


def _is_file(value: object) -> TypeGuard[str]:
    """Whether it is a path: a document, whose last line may end so too, has more than one word."""
    return isinstance(value, str) and value.endswith(_FILES) and len(value.split()) == 1


def _is_readable(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_readable(key) and _is_readable(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_readable, value))
    if isinstance(value, str):
        return not _is_file(value) and "{%" not in value
    return value is None or isinstance(value, bool | int | float)
