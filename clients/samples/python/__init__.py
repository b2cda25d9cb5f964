"""The Python samples; run them as modules, from the folder that holds `clients`."""
