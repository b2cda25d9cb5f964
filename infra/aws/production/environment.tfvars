# What is particular to production. Accounts and addresses are examples: replace them (docs/infrastructure.md).
environment = "production"
account     = "222222222222"
domain      = "alert.example.ca"
image_tag   = "v0.1.0" # of the first deployment

tries_releases = false

mail_from        = "no-reply@alert.example.ca"
security_contact = "security@alert.example.ca"
subscriptions = {
  warning  = ["team@alert.example.ca"]
  critical = ["team@alert.example.ca", "https://pager.example.ca/alert"]
}

status_emails = {
  notices = ["team@alert.example.ca"]
  digest  = ["team@alert.example.ca"]
}

settings = {
  portal = {
    PORTAL_MAIL_DOMAINS = "alert.example.ca" # whose people may be invited
    PORTAL_SUPPORT_URL  = "mailto:support@alert.example.ca"
  }
  status = { STATUS_SUPPORT_URL = "mailto:support@alert.example.ca" }
}

monthly_budget = 8000

processes = {
  submission        = { cpu = 2048, memory = 4096, minimum = 3, maximum = 12 }
  retrieval         = { cpu = 2048, memory = 4096, minimum = 3, maximum = 12 }
  portal            = { cpu = 1024, memory = 2048, minimum = 3, maximum = 6 }
  sharing           = { cpu = 1024, memory = 2048, minimum = 2, maximum = 4 }
  status            = { cpu = 1024, memory = 2048, minimum = 2, maximum = 4 }
  codes             = { cpu = 1024, memory = 2048, minimum = 2, maximum = 4 }
  worker-submission = { cpu = 512, memory = 1024, minimum = 2, maximum = 2 }
  worker-retrieval  = { cpu = 1024, memory = 4096, minimum = 2, maximum = 2 }
  worker-portal     = { cpu = 256, memory = 1024, minimum = 2, maximum = 2 }
  worker-sharing    = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  worker-status     = { cpu = 256, memory = 1024, minimum = 2, maximum = 2 }
  clock-submission  = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  clock-retrieval   = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  clock-portal      = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  clock-sharing     = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  clock-status      = { cpu = 256, memory = 512, minimum = 2, maximum = 2 }
  release           = { cpu = 512, memory = 1024, minimum = 0, maximum = 1 }
}

database = {
  instances = 3
  minimum   = 4
  maximum   = 32
}

cache = {
  node_type = "cache.t4g.small"
  nodes     = 3
}
