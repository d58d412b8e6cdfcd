"""Files: their kinds, CSV, JSON values, arrays, and writing a whole file or none."""
