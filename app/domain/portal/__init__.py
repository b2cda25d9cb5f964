"""The rules of the portal: rights, jurisdictions, passwords and how a code is read out."""
