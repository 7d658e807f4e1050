"""The closed box: bytes from outside are parsed in here and nowhere else.

Knows no document: `call` runs a function of ours on one, behind walls that hold when the function does not. Why and how:
docs/decisions/020-foreign-bytes-are-parsed-in-a-box.md.
"""

from oms.box.asking import AT_ONCE, SECONDS, Box, Broke, NoBox, call, close_all, look, permit, rung
from oms.box.language import Said
from oms.box.walls import Rung

__all__ = ["AT_ONCE", "SECONDS", "Box", "Broke", "NoBox", "Rung", "Said", "call", "close_all", "look", "permit", "rung"]
