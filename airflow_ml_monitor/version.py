"""The version of the package, read by the build and stored with every report."""

__version__ = "0.1.0"
