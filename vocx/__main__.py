"""`python -m vocx`."""

from vocx.cli import main

main()
