"""Tuning and training jobs as they run."""
