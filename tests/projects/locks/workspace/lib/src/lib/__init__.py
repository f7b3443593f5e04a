"""What other members of the workspace use."""
