"""The portal for health-care professionals: sign-in, codes, outbreaks, administration.

A request goes from `views` (HTTP, forms, templates) to a service of this package, one class for each use case, which
owns the transaction, and from there to `app/store/portal` and `app/domain/portal`. `views/blueprint.py` checks the
language, the session, rights and forms before a view is called.
"""
