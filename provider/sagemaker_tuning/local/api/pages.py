"""Lists: filters, order and pages, the same way for every kind of job."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.listings import Column, Condition, Listing
from sagemaker_tuning.local.schema import Table
from sagemaker_tuning.local.wire import Document

_DEFAULT_SIZE = 10

_COLUMNS: Mapping[str, Column] = {
    "Name": "name",
    "CreationTime": "creation_time",
    "Status": "status",
    "FinalObjectiveMetricValue": "objective",
}
_FILTERS: Mapping[str, Callable[[str | float], Condition]] = {
    "NameContains": lambda value: Condition("name", "contains", value),
    "StatusEquals": lambda value: Condition("status", "=", value),
    "CreationTimeAfter": lambda value: Condition("creation_time", ">", _moment(value)),
    "CreationTimeBefore": lambda value: Condition("creation_time", "<", _moment(value)),
    "LastModifiedTimeAfter": lambda value: Condition("last_modified_time", ">", _moment(value)),
    "LastModifiedTimeBefore": lambda value: Condition("last_modified_time", "<", _moment(value)),
}


def page(
    context: Context,
    table: Table,
    request: Document,
    *,
    sort_by: str,
    conditions: Sequence[Condition] = (),
) -> tuple[list[Document], str | None]:
    """The documents of one page, and the token of the next, None on the last.

    A token holds the place of the page's last job in the order, so that jobs created or deleted
    between two calls neither repeat nor hide others.

    Raises:
        ApiError: ValidationException for a token that no earlier page gave.
    """
    size = request.get("MaxResults", _DEFAULT_SIZE)
    column = _COLUMNS[request.get("SortBy", sort_by)]
    rows = context.store.list_jobs(
        table,
        Listing(
            context.region,
            [*conditions, *_filters(request), *_ranked(column)],
            column,
            descending=request.get("SortOrder") == "Descending",
            limit=size + 1,
            after=_position(request.get("NextToken")),
        ),
    )
    token = _token(rows[size - 1].position) if len(rows) > size else None
    return [row.document for row in rows[:size]], token


def answer(key: str, summaries: list[Document], token: str | None) -> Document:
    """A list's response document."""
    return {key: summaries} if token is None else {key: summaries, "NextToken": token}


def _filters(request: Document) -> Iterator[Condition]:
    for name, condition in _FILTERS.items():
        if name in request:
            yield condition(request[name])


def _moment(value: str | float) -> float:
    """Within what SQLite can hold, which JSON's integers need not be."""
    return min(max(float(value) if isinstance(value, str) else value, -1e18), 1e18)


def _ranked(column: Column) -> Iterator[Condition]:
    """In the order of the final objective, jobs without one are left out, as on AWS."""
    if column == "objective":
        yield Condition("objective", ">", float("-inf"))


def _token(position: tuple[str | float, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _position(token: str | None) -> tuple[str | float, str] | None:
    if token is None:
        return None
    try:
        value, name = json.loads(base64.urlsafe_b64decode(token.encode()))
        # The columns have text and REAL; text that is no Unicode cannot be compared with any.
        for text in (name, value) if isinstance(value, str) else (name,):
            text.encode()
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise validation_error(f"Invalid NextToken '{token}'. Give the one of a page.") from error
    if not isinstance(value, str | float):
        raise validation_error(f"Invalid NextToken '{token}'. Give the one of a page.")
    return value, name
