"""HTTP: the server, who may call it, and who answers."""
