"""Where it is told how policies were used."""

ACCESS = "/_local/access"
