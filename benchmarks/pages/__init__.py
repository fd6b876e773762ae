"""What ``page_speed.py`` needs: a full store, and a server to ask for pages."""
