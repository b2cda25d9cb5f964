"""Taking part: codes for patients, key pairs for phones, and uploads. For health authorities and phones."""
