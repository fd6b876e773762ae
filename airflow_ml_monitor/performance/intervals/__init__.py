"""Confidence intervals that also cover where positives are rare."""
