"""Load picture files and arrays of any kind as arrays of pictures."""
