"""The code that a user submits for script mode, as it comes from S3 or a channel."""

import lzma
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from sagemaker_tuning.local.training.failures import ProgramError

_UNREADABLE: Final = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
)


def extract(archive: Path, directory: Path) -> None:
    """Unpack a tar archive, gzipped as a rule, of nothing but files and folders.

    Raises:
        ProgramError: It is no such archive, or has a member that would reach outside: an absolute
            path, one with ``..``, a link or a device.
    """
    try:
        with _opened(archive) as tar:
            for member in tar:
                _check(member)
                tar.extract(member, directory, filter="data")
    except _UNREADABLE as error:
        raise ProgramError(
            f"sagemaker_submit_directory is not an archive that can be unpacked: {error}"
        ) from error


def copy(submitted: Path, directory: Path) -> None:
    """Copy a folder's content, of nothing but files and folders.

    Raises:
        ProgramError: Something cannot be copied.
    """
    try:
        shutil.copytree(submitted, directory, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise ProgramError(f"sagemaker_submit_directory cannot be copied: {error}") from error


def _opened(archive: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(archive)
    except tarfile.ReadError as error:
        # Its message has a line for each kind of compression that was tried.
        raise ProgramError(
            "sagemaker_submit_directory is not an archive that can be unpacked: it is no tar file,"
            " gzipped or not"
        ) from error


def _check(member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise ProgramError(
            f"sagemaker_submit_directory has a member outside of it, {member.name!r}"
        )
    if not (member.isfile() or member.isdir()):
        raise ProgramError(
            f"sagemaker_submit_directory has {member.name!r}, which is neither a file nor a folder"
        )
