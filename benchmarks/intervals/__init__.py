"""How often the intervals of metrics hold the truth."""
