"""IAM's SimulatePrincipalPolicy, which the SageMaker SDK calls and moto does not have."""

from collections.abc import Iterator
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

SIMULATE = "SimulatePrincipalPolicy"
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def simulate_principal_policy(body: bytes) -> Response:
    """Every action on every resource is allowed, as it is on this endpoint."""
    form = dict(parse_qsl(body.decode(errors="replace")))
    results = "".join(
        "<member>"
        f"<EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        "<EvalDecision>allowed</EvalDecision>"
        "<MatchedStatements/><MissingContextValues/>"
        "</member>"
        for action in _members(form, "ActionNames")
        for resource in list(_members(form, "ResourceArns")) or ["*"]
    )
    return Response(
        f'<{SIMULATE}Response xmlns="{_NAMESPACE}"><{SIMULATE}Result>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
        f"</{SIMULATE}Result></{SIMULATE}Response>",
        content_type="text/xml",
    )


def _members(form: dict[str, str], name: str) -> Iterator[str]:
    number = 1
    while (value := form.get(f"{name}.member.{number}")) is not None:
        yield value
        number += 1
