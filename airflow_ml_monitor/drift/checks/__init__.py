"""What is looked at in a column: each module measures one thing and returns findings."""
