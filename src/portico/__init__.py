"""Portico: a small server for a room of people and programs, with one ordered log and a shared repository."""

__version__ = "0.1.0"

__all__ = ["__version__"]
