"""``python -m tradingsys`` is the command ``tradingsys``."""

from tradingsys.cli.app import main

if __name__ == "__main__":
    main()
