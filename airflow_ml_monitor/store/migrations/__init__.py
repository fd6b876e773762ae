"""The history of the schema ``ml_monitor``: an Alembic script folder without an ``alembic.ini``.

Migrations only expand: they add tables, nullable or defaulted columns and views, so that an older writer works on a
newer schema. Revision ids are numbers of four digits; a larger one is newer.
"""
