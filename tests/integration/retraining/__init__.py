"""A package, so that a fixture can last for as long as these tests do."""
