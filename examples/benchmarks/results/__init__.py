"""Parts of results.py."""
