"""What speed.py measures, one subject a module."""
