"""Listeners on the stream of events: terminal, files."""
