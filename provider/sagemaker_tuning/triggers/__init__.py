"""The deferred wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagemaker_tuning.core.lazy_modules import lazy_submodules

if not TYPE_CHECKING:
    __getattr__ = lazy_submodules(__name__)
