"""The Docker engine: the only place that imports the Docker SDK or testcontainers."""
