"""What can be said of a model's performance before the labels are there, and why it changed once they are."""
