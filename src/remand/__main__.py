"""`python -m remand` is `remand`."""

from remand.cli.app import main

if __name__ == "__main__":
    main()
