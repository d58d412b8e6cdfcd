"""Draw and photograph house numbers, single ones and those of whole house fronts."""
