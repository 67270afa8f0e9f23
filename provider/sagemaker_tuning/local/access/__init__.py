"""What callers may do, where IAM policies say so."""
