"""What `runner init` sees in a project, and what each of it means for the settings. Pure."""
