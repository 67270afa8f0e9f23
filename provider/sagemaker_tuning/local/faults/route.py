"""Where the fault rules are set."""

FAULTS = "/_local/faults"
TOKEN_HEADER = "X-Fault-Token"  # noqa: S105 -- a header's name
