"""`python -m notify.cli`: the command line, for a program that starts it."""

from notify.cli import main

main()
