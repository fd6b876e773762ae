"""The peers: an environment for each, and what runs in it. Nothing here needs this package."""
