"""The review desk: which scan comes next, who has it, what was typed there, and how much one did.

A scan at the desk belongs to one officer for some minutes. Nothing here changes a record: that is `oms.review`, which
asks `refuse_others` before it does.
"""

from oms.desk.leases import LEASE, Seat, find_seat, forget, give_back, refuse_others, take, take_over

__all__ = ["LEASE", "Seat", "find_seat", "forget", "give_back", "refuse_others", "take", "take_over"]
