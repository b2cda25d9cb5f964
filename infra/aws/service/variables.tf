variable "service" {
  description = "Name of the service: the prefix of all names."
  type        = string
  default     = "alert"

  validation {
    condition     = can(regex("^[a-z][a-z-]{1,6}$", var.service))
    error_message = "service must have 2 to 7 lower-case letters, because names of load balancers are short."
  }
}

variable "environment" {
  description = "Name of the environment."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "environment must be staging or production."
  }
}

variable "account" {
  description = "Number of the AWS account; each environment has its own."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "account must have 12 digits."
  }
}

variable "region" {
  description = "Region of everything but the CDN's certificate, firewall and metrics."
  type        = string
  default     = "ca-central-1"
}

variable "domain" {
  description = "Domain of the service; host names are below it."
  type        = string
}

variable "cidr_block" {
  description = "IPv4 addresses of the VPC, a /16."
  type        = string
  default     = "10.0.0.0/16"
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
  default     = ["ca-central-1a", "ca-central-1b", "ca-central-1d"]
}

variable "image_tag" {
  description = "Tag of the image that runs, such as v1.2.3: bin/infrastructure states it, and bin/promote alone changes it."
  type        = string

  validation {
    condition     = can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+$", var.image_tag))
    error_message = "image_tag must be v and a version."
  }
}

variable "applied" {
  description = "Commit of this description, which bin/infrastructure states."
  type        = string
  default     = ""
}

variable "processes" {
  description = "Size of each process: CPU shares, MiB of memory, least and largest number of tasks."
  type = map(object({
    cpu     = number
    memory  = number
    minimum = number
    maximum = number
  }))

  validation {
    condition     = alltrue([for size in values(var.processes) : size.minimum <= size.maximum])
    error_message = "minimum must not exceed maximum."
  }
}

variable "database" {
  description = "Instances of the database, and Aurora capacity units of each."
  type = object({
    instances = number
    minimum   = number
    maximum   = number
  })
}

variable "cache" {
  description = "Type and number of nodes of Redis."
  type = object({
    node_type = string
    nodes     = number
  })
}

variable "signing_keys" {
  description = "Names of the keys that sign archives; the first one signs (docs/runbooks/keys.md)."
  type        = list(string)
  default     = ["v1"]

  validation {
    condition     = length(var.signing_keys) > 0
    error_message = "signing_keys must have at least one name."
  }
}

variable "mail_from" {
  description = "Sender's address of the portal's e-mail, at the domain of the service or one below it."
  type        = string

  validation {
    condition     = endswith(replace(var.mail_from, "@", "@."), ".${var.domain}")
    error_message = "mail_from must be an address at domain, whose records prove to SES that it is ours."
  }
}

variable "settings" {
  description = "Further settings of the service by surface: those of README.md that are no secrets, and that settings.tf lacks."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), ["submission", "retrieval", "portal", "sharing", "status"])) == 0
    error_message = "settings must be those of submission, retrieval, portal, sharing or status."
  }
}

variable "status_emails" {
  description = "Recipients of notices of incidents, and of the daily digest."
  type        = object({ notices = list(string), digest = list(string) })
}

variable "tries_releases" {
  description = "Whether promotions try releases here, with the settings that this needs (docs/promotion.md)."
  type        = bool

  validation {
    condition     = !(var.tries_releases && var.environment == "production")
    error_message = "tries_releases must be false in production: uploads would be published at once, without padding."
  }
}

variable "security_contact" {
  description = "E-mail address for reports of vulnerabilities."
  type        = string
}

variable "subscriptions" {
  description = "Recipients of alarms: e-mail addresses or https:// addresses, by severity."
  type = object({
    warning  = list(string)
    critical = list(string)
  })
}

variable "monthly_budget" {
  description = "Cost in US dollars a month, above whose forecast an alarm is raised."
  type        = number
}

variable "origin_pattern_set_arn" {
  description = "Pattern set of the firewall with the secret of the CDN; null until it has been made (docs/infrastructure.md)."
  type        = string
  default     = null
}

variable "has_guard_duty" {
  description = "Whether GuardDuty watches the account; false where an organisation does so already."
  type        = bool
  default     = true
}

variable "has_shield_advanced" {
  description = "Whether Shield Advanced, a subscription of 3,000 US dollars a month, protects what is public."
  type        = bool
  default     = false
}

variable "deployment_check_package" {
  description = "ZIP file with the check of deployments, which bin/infrastructure makes."
  type        = string
  default     = "deployment_check.zip"
}
