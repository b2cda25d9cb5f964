variable "name" {
  description = "Name of the firewall."
  type        = string
}

variable "region" {
  description = "Region of the firewall: us-east-1 for CloudFront, null for that of the provider."
  type        = string
  default     = null
}

variable "is_global" {
  description = "Whether the firewall is one of CloudFront."
  type        = bool
  default     = false
}

variable "routes" {
  description = "Routes that are admitted: a regular expression of paths, methods, bytes of a body, and requests of one address in five minutes."
  type = list(object({
    name     = string
    path     = string
    methods  = list(string)
    body     = optional(number)
    requests = optional(number)
  }))

  validation {
    condition     = alltrue([for route in var.routes : length(route.path) <= 512])
    error_message = "The firewall accepts regular expressions of at most 512 characters."
  }
  validation {
    condition     = alltrue([for route in var.routes : try(route.requests >= 10, true)])
    error_message = "The firewall accepts rates of at least 10 requests."
  }
}

variable "has_rates" {
  description = "Whether the requests of one address are limited here."
  type        = bool
}

variable "origin_header" {
  description = "Header field, in lower case, in which the CDN sends its secret."
  type        = string
}

variable "origin_pattern_set_arn" {
  description = "Pattern set that holds the secret of the CDN, if requests must have it. It is made outside Terraform."
  type        = string
  default     = null
}

variable "load_balancer_arns" {
  description = "Load balancers that the firewall protects, by name."
  type        = map(string)
  default     = {}
}

variable "log_key_arn" {
  description = "Key that encrypts logs, in the region of the firewall."
  type        = string
}

variable "check_cidr_block" {
  description = "Addresses of the VPC, from which deployments are checked; null if they are not checked here."
  type        = string
  default     = null
}
