"""Cryptography: boxes of phones, signatures of archives, and keys at rest. Each module wraps one primitive."""
