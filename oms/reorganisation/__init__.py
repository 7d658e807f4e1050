"""Reorganisations: units merge, split, change name or place and end by a decision; what hung on them lands."""

from oms.reorganisation.steps import DryRun, approve, cancel, draft, dry_run, execute, get_reorganisation, submit, undo

__all__ = ["DryRun", "approve", "cancel", "draft", "dry_run", "execute", "get_reorganisation", "submit", "undo"]
