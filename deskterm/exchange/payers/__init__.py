"""How a payer or clearinghouse is reached: X12 text goes out, X12 text comes back. No database."""
