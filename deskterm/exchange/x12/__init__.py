"""X12: eligibility, authorizations and their acknowledgments as text and as frozen values.

No database here, and no copied guide text: the rules are read off companion guides and published
examples, and the words for codes are our own.
"""
