"""OMS: the dossier room of a Vietnamese public body, made electronic."""

__version__ = "0.1.0"
