"""Which permissions of AWS's IAM the operators need: as tables, and as policies."""
