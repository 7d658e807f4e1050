"""Stacks of paper scanned in one go: cover sheets with codes say where one dossier ends and the next begins.

Knows no layout and no request. What a stack is and what becomes of it: `docs/decisions/017-a-stack-is-cut-apart.md`.
"""
