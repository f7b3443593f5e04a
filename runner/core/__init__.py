"""What is decided: pure functions and frozen data, no I/O."""
