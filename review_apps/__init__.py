"""A disposable copy of the service for every pull request, on any Linux host: `review-app open 12 --branch topic`.

It reads app.json and the Procfile and runs them as Heroku does. See docs/review-apps.md.
"""
