"""The tables of the portal, as ORM models: a module for each noun, with its queries (ADR 0022)."""
