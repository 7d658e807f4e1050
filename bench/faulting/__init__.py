"""Drills of faults: a running house, somebody who asks it, and what each drill found."""
