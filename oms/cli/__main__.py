"""`python -m oms.cli`: the command line of the interpreter at hand, whatever is on the path."""

from oms.cli import main

main()
