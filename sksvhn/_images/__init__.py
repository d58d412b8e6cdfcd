"""From picture files and arrays of any kind to arrays of pictures."""
