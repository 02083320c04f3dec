"""deskterm: the keyboard-only terminal desk for a medical office."""

__version__ = "0.1.0"
