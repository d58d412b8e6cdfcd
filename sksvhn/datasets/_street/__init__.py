"""Draw and photograph one generated street number."""
