"""Alembic and USD."""
