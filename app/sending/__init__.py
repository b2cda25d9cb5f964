"""Sending to other machines: e-mail by SMTP, and JSON by HTTP. It keeps nothing, and its errors name no recipient."""
