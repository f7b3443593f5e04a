"""Commands of `runner`: one file for each; they read flags, call the session, and print."""
