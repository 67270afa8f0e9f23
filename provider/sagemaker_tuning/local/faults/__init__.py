"""Faults on demand: what a test or a rehearsal wants to go wrong."""
