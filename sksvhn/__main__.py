"""Run the command ``sksvhn`` as ``python -m sksvhn``."""

from .cli import main

if __name__ == "__main__":
    main()
