"""``sagemaker-tuning policy``: print the IAM policies that tasks need."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from sagemaker_tuning.core.permissions.features import FEATURES
from sagemaker_tuning.core.permissions.literals import Literals
from sagemaker_tuning.core.permissions.policies import airflow_policy, training_policy, uncovered
from sagemaker_tuning.core.permissions.scope import ANY, Scope, Unscoped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagemaker_tuning.core.permissions.policies import Use

    ReadDagFile = Callable[[Path, str | None, Mapping[str, str]], tuple[list[Use], Literals]]

_DESCRIPTION = """\
Print the IAM policies that the tasks of a DAG file need: one for the role of Airflow's connection,
one for the role that SageMaker assumes. Buckets, roles, images, endpoints and model package groups
are read from the tasks' arguments and the defaults of the DAG's params. Statements whose Sid begins
with Optional are what tasks succeed without: tags, log lines in messages, looks at inputs.
"""
_EPILOG = """\
  sagemaker-tuning policy --dag dags/retrain_on_schedule.py --param bucket=mine --role airflow \\
      > airflow.json
  aws iam put-role-policy --role-name Airflow --policy-name tuning \\
      --policy-document file://airflow.json

exit status: 0 printed, 1 the DAG file cannot be imported, 2 wrong usage, or an option is missing
"""
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")


class UnreadableDag(Exception):
    """The DAG file is of no use; the message is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str], read_dag_file: ReadDagFile, out: TextIO) -> int:
    """Run the command.

    Args:
        arguments: Of the command.
        read_dag_file: Gives what the tasks use, and what they name; raises ``UnreadableDag``.
        out: Where the policies go.

    Returns:
        The exit status.

    Raises:
        SystemExit: 2 for wrong options, with one line on standard error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        _list(out)
        return 0
    uses, literals = [FEATURES[name].use for name in options.feature], Literals()
    if options.dag is not None:
        try:
            uses, literals = read_dag_file(options.dag, options.dag_id, dict(options.param))
        except UnreadableDag as error:
            sys.stderr.write(f"{parser.prog}: {error}\n")
            return 1
    for name in uncovered(uses):
        sys.stderr.write(f"{parser.prog}: {name} is not covered: add what it calls, if anything\n")
    try:
        document = _document(options, uses, _scope(options, literals))
    except Unscoped as error:
        by_option = {line.partition(":")[0]: line for line in reversed(str(error).splitlines())}
        parser.error("; ".join(by_option[option] for option in sorted(by_option)))
    out.write(json.dumps(document, indent=2) + "\n")
    return 0


def _document(options: argparse.Namespace, uses: list[Use], scope: Scope) -> dict[str, Any]:
    missing: dict[str, None] = {}
    found: dict[str, dict[str, Any]] = {}
    if options.role != "training":
        try:
            found["AirflowRole"] = airflow_policy(uses, scope, required_only=options.required_only)
        except Unscoped as error:
            missing |= dict.fromkeys(str(error).splitlines())
    if options.role != "airflow":
        try:
            found["TrainingRole"] = training_policy(uses, scope)
        except Unscoped as error:
            missing |= dict.fromkeys(str(error).splitlines())
    if missing:
        raise Unscoped("\n".join(missing))
    return found if options.role is None else next(iter(found.values()))


def _scope(options: argparse.Namespace, literals: Literals) -> Scope:
    return Scope(
        partition=options.partition or "aws",
        region=options.region or ANY,
        account=options.account or ANY,
        bucket=options.bucket,
        prefix=options.prefix,
        training_role=options.training_role,
        literals=literals,
    ).completed()


def _list(out: TextIO) -> None:
    width = max(map(len, FEATURES))
    out.writelines(
        f"{name:{width}}  {feature.text} ({feature.operator})\n"
        for name, feature in FEATURES.items()
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sagemaker-tuning policy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dag", type=Path, metavar="FILE", help="a DAG file")
    what.add_argument(
        "--feature",
        action="append",
        default=[],
        choices=FEATURES,
        metavar="NAME",
        help="instead of a DAG file, something that tasks do; can be repeated",
    )
    what.add_argument("--list", action="store_true", help="list the features, and end")
    parser.add_argument("--dag-id", metavar="ID", help="one of the file's DAGs; all by default")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        type=_param,
        metavar="NAME=VALUE",
        help="a value to take instead of a param's default; can be repeated",
    )
    parser.add_argument(
        "--role",
        choices=("airflow", "training"),
        help="print this role's policy alone, as AWS takes it; by default one document has both,"
        " under AirflowRole and TrainingRole",
    )
    parser.add_argument(
        "--required-only", action="store_true", help="leave the Optional statements out"
    )
    parser.add_argument("--bucket", help="the bucket of all data, instead of those tasks name")
    parser.add_argument("--prefix", help="what the keys of all data begin with, likewise")
    parser.add_argument(
        "--training-role",
        type=_role,
        metavar="ARN",
        help="the role that SageMaker assumes, instead of those tasks name",
    )
    parser.add_argument("--account", type=_account, help="by default the training role's, or any")
    parser.add_argument("--region", help="by default any")
    parser.add_argument("--partition", help="by default the training role's, or aws")
    return parser


def _param(text: str) -> tuple[str, str]:
    name, is_given, value = text.partition("=")
    if not (name and is_given):
        raise argparse.ArgumentTypeError(f"{text!r}: give NAME=VALUE")
    return name, value


def _role(text: str) -> str:
    if _ROLE.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r}: give arn:aws:iam::<account>:role/<name>")
    return text


def _account(text: str) -> str:
    if re.fullmatch(r"\d{12}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r}: give twelve digits")
    return text
