"""What is read from the project folder: settings file, list of files, lock file."""
