"""Orders, stock and invoices of a small shop."""
