"""Engines: what can run containers for us."""
