# What is particular to staging. Accounts and addresses are examples: replace them (docs/infrastructure.md).
environment = "staging"
account     = "111111111111"
domain      = "staging.alert.example.ca"
image_tag   = "v0.1.0" # of the first deployment

tries_releases = true

mail_from        = "no-reply@staging.alert.example.ca"
security_contact = "security@alert.example.ca"
subscriptions = {
  warning  = ["team@alert.example.ca"]
  critical = ["team@alert.example.ca"]
}

status_emails = {
  notices = ["team@alert.example.ca"]
  digest  = ["team@alert.example.ca"]
}

settings = {
  portal = {
    PORTAL_MAIL_DOMAINS = "staging.alert.example.ca" # whose people may be invited
    PORTAL_SUPPORT_URL  = "mailto:support@staging.alert.example.ca"
  }
  status = { STATUS_SUPPORT_URL = "mailto:support@staging.alert.example.ca" }
}

monthly_budget = 1500

processes = {
  submission        = { cpu = 512, memory = 1024, minimum = 1, maximum = 3 }
  retrieval         = { cpu = 512, memory = 2048, minimum = 1, maximum = 3 }
  portal            = { cpu = 512, memory = 1024, minimum = 1, maximum = 2 }
  sharing           = { cpu = 512, memory = 1024, minimum = 1, maximum = 2 }
  status            = { cpu = 512, memory = 1024, minimum = 1, maximum = 2 }
  codes             = { cpu = 512, memory = 1024, minimum = 1, maximum = 2 }
  worker-submission = { cpu = 256, memory = 1024, minimum = 1, maximum = 1 }
  worker-retrieval  = { cpu = 512, memory = 2048, minimum = 1, maximum = 1 }
  worker-portal     = { cpu = 256, memory = 1024, minimum = 1, maximum = 1 }
  worker-sharing    = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  worker-status     = { cpu = 256, memory = 1024, minimum = 1, maximum = 1 }
  clock-submission  = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  clock-retrieval   = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  clock-portal      = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  clock-sharing     = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  clock-status      = { cpu = 256, memory = 512, minimum = 1, maximum = 1 }
  release           = { cpu = 256, memory = 1024, minimum = 0, maximum = 1 }
}

database = {
  instances = 2
  minimum   = 1
  maximum   = 8
}

cache = {
  node_type = "cache.t4g.micro"
  nodes     = 2
}
