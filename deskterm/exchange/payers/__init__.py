"""Carrying X12 to a payer or clearinghouse and its answer back. No database, no retry."""
