"""The kinds of resources that the tables name, and their ARNs for an operator's arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagemaker_tuning.core.deployments import slug
from sagemaker_tuning.core.permissions.literals import WILDCARD, Place, folder, is_unknown
from sagemaker_tuning.core.permissions.scope import ANY, Scope, Unscoped, images, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagemaker_tuning.core.permissions.needs import Arguments

    _Kind = Callable[[Arguments, Scope, str], list[str]]

_OF_GROUP = ("model_package_name", "model_package_group_name")
_QUEUE = re.compile(r"https?://(?P<host>[^/]+)/(?P<account>\d+)/(?P<name>.+)")
_AWS_HOST = re.compile(r"(?:sqs\.)?(?P<region>[a-z0-9-]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?")
# As much of a group as a name that has to have room for more keeps of it.
_SHORT = 16


def resources(kind: str, arguments: Arguments, scope: Scope) -> list[str]:
    """Give the ARNs of a kind of resource that an operator of these arguments deals with.

    Args:
        kind: Its name, and perhaps behind a colon the argument that says more.
        arguments: The operator's.
        scope: What they are limited to.

    Raises:
        Unscoped: They can't be told, and any would be too many.
    """
    name, _, more = kind.partition(":")
    return _KINDS[name](arguments, scope, more)


def _named(sagemaker: str, argument: str) -> _Kind:
    """A kind of SageMaker's, of the name that an argument gives, if one does."""

    def arns(arguments: Arguments, scope: Scope, _: str) -> list[str]:
        found: list[str] = []
        for given in _texts(arguments.get(argument)):
            if given.startswith("arn:"):
                found.append(literal(given))
            else:
                found += [scope.arn("sagemaker", f"{sagemaker}/{name}") for name in _cases(given)]
        return found

    return arns


def _tuning_job(arguments: Arguments, scope: Scope, _: str) -> list[str]:
    # One that is launched again has a number at its end.
    names = [
        given if given.startswith("arn:") else given + WILDCARD
        for given in _texts(arguments.get("tuning_job_name"))
    ]
    return _named("hyper-parameter-tuning-job", "name")({"name": names}, scope, "")


def _deployed(sagemaker: str) -> _Kind:
    """What deployments create: its names begin with the group's."""

    def arns(arguments: Arguments, scope: Scope, _: str) -> list[str]:
        groups = _groups(arguments, scope)
        names = [f"{slug(each)}-v{WILDCARD}" if WILDCARD not in each else each for each in groups]
        return [scope.arn("sagemaker", f"{sagemaker}/{literal(name)}") for name in names]

    return arns


def _scored(sagemaker: str) -> _Kind:
    """What the gate creates: its names begin likewise, with less of the group's."""

    def arns(arguments: Arguments, scope: Scope, _: str) -> list[str]:
        names = (f"{each.lower()[:_SHORT]}{WILDCARD}" for each in _groups(arguments, scope))
        return [scope.arn("sagemaker", f"{sagemaker}/{literal(name)}") for name in names]

    return arns


def _package(arguments: Arguments, scope: Scope, _: str) -> list[str]:
    return [
        scope.arn("sagemaker", f"model-package/{name}/{ANY}")
        for group in _groups(arguments, scope)
        for name in _cases(group)
    ]


def _package_group(arguments: Arguments, scope: Scope, _: str) -> list[str]:
    return [
        scope.arn("sagemaker", f"model-package-group/{name}")
        for group in _groups(arguments, scope)
        for name in _cases(group)
    ]


def _groups(arguments: Arguments, scope: Scope) -> list[str]:
    """Give the group that the arguments name, or else all that any task does; or a wildcard."""
    given = (text for name in _OF_GROUP for text in _texts(arguments.get(name)))
    own = filter(None, map(_group, given))
    others = filter(None, map(_group, scope.literals.groups))
    return list(dict.fromkeys(own)) or list(dict.fromkeys(others)) or [WILDCARD]


def _texts(value: object) -> list[str]:
    """Give what an argument says, in each of several mapped tasks; else a wildcard."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [each for each in listed if isinstance(each, str) and each] or [WILDCARD]


def _group(text: str) -> str:
    """Give the group's name, of a name or ARN; empty where none is known."""
    if not text.startswith("arn:"):
        return "" if text.strip(WILDCARD) == "" else text
    kind, _, name = text.split(":", 5)[-1].partition("/")
    is_version = kind == "model-package" and "/" in name
    return name.partition("/")[0] if is_version or kind == "model-package-group" else ""


def _cases(name: str) -> list[str]:
    """Write a name as it is, and in lower case, as ARNs of SageMaker's may have it."""
    return list(dict.fromkeys([literal(name), literal(name.lower())]))


def _role(_: Arguments, scope: Scope, __: str) -> list[str]:
    if not scope.roles or any(is_unknown(role.rpartition("/")[2]) for role in scope.roles):
        raise Unscoped("--training-role: nothing says which role SageMaker is to be given")
    by_arn = [literal(role) for role in scope.roles if role.startswith("arn:")]
    return by_arn + _role_by_name({}, scope, "")


def _role_by_name(_: Arguments, scope: Scope, __: str) -> list[str]:
    found = []
    place = f"arn:{scope.partition}:iam::{scope.account}:role/"
    for role in scope.roles:
        if role.startswith("arn:"):
            continue
        found.append(place + literal(role))
        if "/" not in role:  # an account has one of a name, whatever its path
            found.append(f"{place}{ANY}/{literal(role)}")
    return found


def _outputs(_: Arguments, scope: Scope, __: str) -> list[str]:
    return scope.objects(map(folder, scope.literals.outputs), "the output of training jobs")


def _output_buckets(_: Arguments, scope: Scope, __: str) -> list[str]:
    return scope.buckets(scope.literals.outputs, "the output of training jobs")


def _training_buckets(_: Arguments, scope: Scope, __: str) -> list[str]:
    places = scope.literals
    every = [*places.inputs, *places.outputs, *places.checkpoints]
    return scope.buckets(every, "the data of training jobs")


def _object(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    found = _below(arguments, scope, argument)
    is_one = bool(_places(arguments, argument)) and scope.prefix is None
    return [each.removesuffix(ANY) for each in found] if is_one else found


def _below(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    return scope.objects(_places(arguments, argument), argument)


def _folder(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    return scope.objects(map(folder, _places(arguments, argument)), argument)


def _bucket(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    return scope.buckets(_places(arguments, argument), argument)


def _places(arguments: Arguments, argument: str) -> list[Place]:
    return list(filter(None, map(Place.of, _texts(arguments.get(argument)))))


def _sensed(arguments: Arguments, scope: Scope, _: str) -> list[str]:
    found = scope.objects(_keys(arguments), "bucket_key")
    return found if scope.prefix is not None else [each.removesuffix(ANY) for each in found]


def _sensed_bucket(arguments: Arguments, scope: Scope, _: str) -> list[str]:
    return scope.buckets(_keys(arguments), "bucket_key")


def _keys(arguments: Arguments) -> list[Place]:
    keys, buckets = _texts(arguments.get("bucket_key")), _texts(arguments.get("bucket_name"))
    return [Place.of(key) or Place(bucket, key) for key in keys for bucket in buckets]


def _topic(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    targets = _texts(arguments.get(argument))
    return [literal(each) if each.startswith("arn:") else scope.arn("sns", ANY) for each in targets]


def _queue(arguments: Arguments, scope: Scope, argument: str) -> list[str]:
    return [_queue_arn(url, scope) for url in _texts(arguments.get(argument))]


def _queue_arn(url: str, scope: Scope) -> str:
    found = _QUEUE.fullmatch(url)
    if found is None:
        return scope.arn("sqs", ANY)
    host = _AWS_HOST.fullmatch(found["host"])
    region = host["region"] if host else scope.region
    place = f"{region}:{found['account']}:{literal(found['name'])}"
    return f"arn:{scope.partition}:sqs:{place}"


def _log_streams(_: Arguments, scope: Scope, group: str) -> list[str]:
    return [scope.arn("logs", f"log-group:/aws/sagemaker/{group}:log-stream:{ANY}")]


_KINDS: Mapping[str, _Kind] = {
    "any": lambda *_: [ANY],
    "tuning-job": _tuning_job,
    "training-job": _named("training-job", "training_job_name"),
    "model": _named("model", "model_name"),
    "every-model": _named("model", ""),
    "endpoint": _named("endpoint", "endpoint_name"),
    "every-endpoint": _named("endpoint", ""),
    "endpoint-config": _named("endpoint-config", "endpoint_config_name"),
    "deployed-model": _deployed("model"),
    "deployed-config": _deployed("endpoint-config"),
    "scored-model": _scored("model"),
    "transform-job": _scored("transform-job"),
    "package": _package,
    "package-group": _package_group,
    "role": _role,
    "role-by-name": _role_by_name,
    "outputs": _outputs,
    "output-buckets": _output_buckets,
    "training-buckets": _training_buckets,
    "object": _object,
    "below": _below,
    "folder": _folder,
    "bucket": _bucket,
    "sensed": _sensed,
    "sensed-bucket": _sensed_bucket,
    "topic": _topic,
    "queue": _queue,
    "log-streams": _log_streams,
    "images": lambda _, scope, __: images(scope),
}
