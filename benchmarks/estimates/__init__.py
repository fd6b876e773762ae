"""How near estimates come to what the labels then give: simulated, and of the flights."""
