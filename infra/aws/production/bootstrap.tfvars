# For the module bootstrap, which is applied once. The account and the repository are examples.
name        = "alert-production"
environment = "production"
account     = "222222222222"
repository  = "example/exposure-alert"
