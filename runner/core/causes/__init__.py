"""What `runner explain` knows: causes of failures by their symptoms and the facts of the project. Pure."""
