"""The deferred wait."""
