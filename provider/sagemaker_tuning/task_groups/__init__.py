"""Chains of tasks that DAGs share, as task groups."""
