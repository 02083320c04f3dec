"""Numbered steps that bring a clinic's file from any earlier schema to this one.

A step is ``NNNN_name.sql`` (statements separated by blank lines) or ``NNNN_name.py`` with
``upgrade(db)``. All pending steps run in one transaction.
"""
