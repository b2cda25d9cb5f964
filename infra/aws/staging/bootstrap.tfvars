# For the module bootstrap, which is applied once. The account and the repository are examples.
name        = "alert-staging"
environment = "staging"
account     = "111111111111"
repository  = "example/exposure-alert"
