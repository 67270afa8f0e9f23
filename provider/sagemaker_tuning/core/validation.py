"""``sagemaker-tuning validate``: look at requests in files before they cost anything."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sagemaker_tuning.core.documents import DocumentError, read_document
from sagemaker_tuning.core.errors import Violation
from sagemaker_tuning.core.findings import Advice, Findings
from sagemaker_tuning.core.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_VALID, EXIT_VIOLATIONS, EXIT_USAGE = 0, 1, 2

_DESCRIPTION = """\
Check requests of CreateHyperParameterTuningJob, in JSON or YAML, before they cost anything: every
constraint of the service model, every documented rule across fields, the metrics and
hyperparameters of the built-in algorithms. Nothing is sent anywhere. What Jinja templates hide is
not checked; a missing HyperParameterTuningJobName is right, as the operator gives one.
"""
_EPILOG = """\
exit status: 0 no violations (warnings perhaps), 1 violations in a file, or it can't be read,
2 wrong usage
"""
_NAME = "HyperParameterTuningJobName"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file, and what was found in it.

    Attributes:
        file: Its path, or ``-`` for standard input.
        error: Why it could not be read, in one line; None if it could.
        findings: Empty if it could not be read.
    """

    file: str
    error: str | None
    findings: Findings

    @property
    def is_valid(self) -> bool:
        """Whether the service would accept it, as far as that can be known."""
        return self.error is None and not self.findings.violations


def main(arguments: Sequence[str]) -> int:
    """Run the command; give its exit status."""
    options = _parser().parse_args(arguments)
    checked = [check_file(name) for name in options.files]
    (_write_json if options.format == "json" else _write_text)(checked, sys.stdout)
    return EXIT_VALID if all(each.is_valid for each in checked) else EXIT_VIOLATIONS


def check_file(name: str) -> CheckedFile:
    """Check the request in a file; ``-`` is standard input."""
    try:
        # Bytes: whatever the locale is, JSON and YAML are UTF-8, a byte order mark perhaps first.
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return CheckedFile(name, None, check_text(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: {error.reason} at byte {error.start}"
    except OSError as error:
        reason = error.strerror or str(error)
    except (DocumentError, ValueError) as error:
        reason = str(error)
    return CheckedFile(name, reason, Findings((), ()))


def check_text(text: str) -> Findings:
    """Check the request that a text in JSON or YAML says.

    Raises:
        DocumentError: It is neither, or not a mapping.
    """
    document = read_document(text)
    if is_template(document):
        rule = "it is checked once it is rendered, when the task runs"
        return Findings((), (Advice("", "the whole request is a template", rule),))
    if not isinstance(document, dict):
        kind = "empty" if document is None else f"a {type(document).__name__}"
        raise DocumentError(f"is {kind}, and no request of CreateHyperParameterTuningJob")
    return _check(document)


def _check(document: dict[Any, Any]) -> Findings:
    # Imported late: reading the service model is most of what this command costs.
    from sagemaker_tuning.core import shapes  # noqa: PLC0415
    from sagemaker_tuning.core.rules import check  # noqa: PLC0415

    try:
        typed = shapes.to_model_types(document, shapes.input_shape("CreateHyperParameterTuningJob"))
        findings = check(typed)
    except RecursionError as error:
        raise DocumentError("nested too deeply, or in itself") from error
    if _NAME in document:
        return findings
    unnamed = (each for each in findings.violations if each.path != _NAME)
    return replace(findings, violations=tuple(unnamed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sagemaker-tuning validate",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the output (text)"
    )
    return parser


def _write_text(checked: Sequence[CheckedFile], out: TextIO) -> None:
    for each in checked:
        found = each.findings
        count = f"{_counted(found.violations, 'violation')}, {_counted(found.warnings, 'warning')}"
        _write(out, f"{each.file}: {each.error or count}")
        for finding in (*found.violations, *found.warnings):
            kind = "error" if isinstance(finding, Violation) else "warning"
            _write(out, f"  {kind}: {finding}")


def _write_json(checked: Sequence[CheckedFile], out: TextIO) -> None:
    report = [
        {
            "file": each.file,
            "valid": each.is_valid,
            "error": each.error,
            "violations": [asdict(finding) for finding in each.findings.violations],
            "warnings": [asdict(finding) for finding in each.findings.warnings],
        }
        for each in checked
    ]
    _write(out, json.dumps(report, indent=2))


def _counted(findings: Sequence[Any], name: str) -> str:
    count = len(findings)
    return f"{count or 'no'} {name}" + ("" if count == 1 else "s")


def _write(out: TextIO, line: str) -> None:
    # A path or value that the terminal cannot show is shown as an escape.
    encoding = out.encoding or "utf-8"
    out.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
