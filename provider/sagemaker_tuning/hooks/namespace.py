"""What tells the deployments of Airflow apart that share an AWS account."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from sagemaker_tuning._compat import conf


def namespace() -> str:
    """Give ``[sagemaker_tuning] namespace``, else ``[api] base_url``; empty where neither is set.

    Tuning jobs' names follow from it, so one that changes makes other names: a retry would not
    find what an earlier try launched.
    """
    return (
        conf.get("sagemaker_tuning", "namespace", fallback=None)
        or conf.get("api", "base_url", fallback=None)
        or ""
    )


def is_telling(name: str) -> bool:
    """Whether another deployment is unlikely to have the same; a URL of this machine is not."""
    host = urlsplit(name).hostname if "://" in name else name
    if not host or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
